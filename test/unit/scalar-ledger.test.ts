/** Scalars of a step: added in the order of chunks, whoever reports first. */
import { expect, it } from 'vitest';
import { ScalarLedger } from '../../server/lead/scalar-ledger.js';

/** Two chunks of one shard and one of another; tensor 1 lies in all three. In float64, 1 + 1e16 - 1e16 depends on the order. */
const messages = [
  {
    step: 4,
    chunks: [0, 2],
    gradientSquares: [1e16, 3],
    weightSquares: [1, 2],
    weightAbsolutes: [4, 5],
    tensors: [
      { chunk: 2, tensor: 1, weightSquares: 3, updateSquares: 0.5 },
      { chunk: 0, tensor: 0, weightSquares: 7, updateSquares: 0.25 },
      { chunk: 0, tensor: 1, weightSquares: 1e16, updateSquares: 1 },
    ],
  },
  {
    step: 4,
    chunks: [1],
    gradientSquares: [1],
    weightSquares: [8],
    weightAbsolutes: [16],
    tensors: [{ chunk: 1, tensor: 1, weightSquares: 1, updateSquares: 2 }],
  },
];

it.each([messages, messages.toReversed()])('the total is the same, whichever shard is first', async (first, second) => {
  const ledger = new ScalarLedger(3);
  const total = ledger.total(4);
  expect(ledger.add(first)).toBeUndefined();
  const expected = {
    gradientSquares: 1e16 + 1 + 3,
    weightSquares: 11,
    weightAbsolutes: 25,
    tensors: [
      { tensorIndex: 0, weightSquares: 7, updateSquares: 0.25 },
      { tensorIndex: 1, weightSquares: 1e16 + 1 + 3, updateSquares: 3.5 },
    ],
  };
  expect(ledger.add(second)).toEqual(expected);
  expect(await total).toEqual(expected);
});
