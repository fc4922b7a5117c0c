/** A trial's random numbers against a second writing of their definition in Python (test/golden/coordinates.py). */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { randomCoordinate } from '../../coordinator/search/coordinate.js';
import { scrambledCoordinate } from '../../coordinator/search/samplers/sobol.js';
import { compileSpace, type Parameter } from '../../coordinator/search/space.js';

interface Golden {
  hashes: [place: string, stream: number][];
  random: [seed: number, number: number, attempt: number, stream: number, coordinate: number][];
  scrambled: [seed: number, stream: number, word: number, coordinate: number][];
}

const golden = JSON.parse(readFileSync(new URL('../golden/coordinates.json', import.meta.url), 'utf8')) as Golden;

it('those of the random sampler', () => {
  const drawn = golden.random.map(([seed, number, attempt, stream]) => randomCoordinate(seed, number, attempt, stream));
  expect(drawn).toEqual(golden.random.map(([, , , , coordinate]) => coordinate));
});

it("those of Owen's scrambling", () => {
  const drawn = golden.scrambled.map(([seed, stream, word]) => scrambledCoordinate(seed, stream, word));
  expect(drawn).toEqual(golden.scrambled.map(([, , , coordinate]) => coordinate));
});

it("each parameter's stream follows from its place in the space", () => {
  const rate = { logUniform: [1e-4, 1e-1] as [number, number] };
  const { parameters, dimensions } = compileSpace({
    space: {
      rate,
      width: { int: [1, 8] },
      optimizer: {
        choice: [{ value: { sgd: '$rate' }, space: { rate } }, { momentum: { momentum: { uniform: [0, 1] } } }],
      },
    },
  });
  const streams = streamsOf(parameters);
  expect(golden.hashes.map(([, stream]) => stream)).toEqual([streams[0], streams[1], streams[3], streams[4]]);
  expect(dimensions).toBe(5);
});

function streamsOf(parameters: Parameter[]): number[] {
  return parameters.flatMap((each) => {
    if (each.kind === 'constant') return [];
    const within = each.kind === 'choice' ? each.options.flatMap((option) => streamsOf(option.parameters)) : [];
    return [each.stream, ...within];
  });
}
