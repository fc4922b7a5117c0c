/** What YAML lets happen and nobody meant: each is told with the line as it should have been. */
import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../common/experiment/load.js';
import { messageOf, withLine, type Lines } from './experiment-lines.js';

const shell = "if $name stood there, a shell has replaced it: single quotes keep it, also <<'EOF'";

const cases: [string, Lines, string][] = [
  [
    "a layer's options beside its name",
    { model: 'model:\n  - conv2d:\n    filters: 32\n    kernelSize: 3\n  - flatten' },
    "a.yaml:8:14: model[0]: 'filters', 'kernelSize' stand beside 'conv2d', not under it; indent further, or write { conv2d: { filters: 32, kernelSize: 3 } }",
  ],
  [
    "an optimizer's option beside its name",
    { optimizer: 'optimizer:\n  adam:\n  learningRate: 1e-3' },
    "a.yaml:11:17: optimizer: 'learningRate' stands beside 'adam', not under it; indent further, or write { adam: { learningRate: 0.001 } }",
  ],
  [
    'a second optimizer, of another library, beside the first',
    { optimizer: 'optimizer: { adam: { learningRate: 1e-3 }, lion: { lr: 3 } }' },
    'a.yaml:9:50: optimizer.lion: unknown key; adam is nearest',
  ],
  [
    "a layer's name as a value",
    { model: 'model: [flatten, { type: Dense, units: 10 }]' },
    "a.yaml:6:26: model[1]: 'dense' is a key here, not a value; write { dense: { units: 10 } }",
  ],
  [
    "an optimizer's name as a value",
    { optimizer: 'optimizer: { name: adam, learningRate: 1e-3 }' },
    "a.yaml:9:20: optimizer: 'adam' is a key here, not a value; write { adam: { learningRate: 0.001 } }",
  ],
  [
    "a layer's one option without its name",
    { model: 'model: [flatten, { dense: 10 }]' },
    'a.yaml:6:27: model[1].dense: is 10, must be a map of keys; write dense: { units: 10 }',
  ],
  [
    'nothing where a layer needs a number',
    { model: 'model: [flatten, { dense: { units: } }]' },
    `a.yaml:6:36: model[1].dense.units: is empty, must be a number; ${shell}`,
  ],
  [
    'nothing where text belongs',
    { data: 'data: { source: csv, path: }' },
    `a.yaml:3:28: data.path: is empty, must be text; ${shell}`,
  ],
  [
    'null where a number belongs',
    { train: 'train: { epochs: null, batchSize: 64, microBatchSize: 16 }' },
    'a.yaml:10:18: train.epochs: is null, must be a number',
  ],
  [
    'braces around a parameter',
    { optimizer: 'optimizer:\n  adam:\n    learningRate: ${rate}' },
    "a.yaml:11:19: optimizer.adam.learningRate: '${rate}' has braces; write learningRate: $rate",
  ],
  [
    'braces around a parameter within braces, which tear the file',
    { optimizer: 'optimizer: { adam: { learningRate: ${rate} } }' },
    "a.yaml:9:37: '${rate}' has braces; write $rate",
  ],
  [
    'a number in quotes',
    { optimizer: "optimizer: { adam: { learningRate: '1e-3' } }" },
    "a.yaml:9:36: optimizer.adam.learningRate: is '1e-3', must be a number, without quotes; write learningRate: 1e-3",
  ],
  [
    'a dash that is no minus',
    { optimizer: 'optimizer: { adam: { learningRate: 1e–3 } }' },
    "a.yaml:9:36: optimizer.adam.learningRate: is '1e–3', must be a number; write learningRate: 1e-3",
  ],
  [
    'a power of ten',
    { optimizer: 'optimizer: { adam: { learningRate: 10^-3 } }' },
    "a.yaml:9:36: optimizer.adam.learningRate: is '10^-3', must be a number; write learningRate: 1e-3",
  ],
  [
    'a number in groups',
    { train: 'train: { epochs: 5, batchSize: 1_024, microBatchSize: 16 }' },
    "a.yaml:10:32: train.batchSize: is '1_024', must be a number; write batchSize: 1024",
  ],
  [
    'a number in percent',
    { data: 'data: { source: idx, path: x, validation: 10% }' },
    "a.yaml:3:43: data.validation: is '10%', must be a number; write validation: 0.1",
  ],
  [
    'arithmetic without its sign',
    { train: 'train: { epochs: 5, batchSize: 2 * 32, microBatchSize: 16 }' },
    "a.yaml:10:32: train.batchSize: is '2 * 32', must be a number; write batchSize: =2 * 32",
  ],
  [
    "YAML 1.1's yes",
    { data: 'data: { source: csv, path: x, header: no }' },
    "a.yaml:3:39: data.header: is 'no', must be true or false; write header: false",
  ],
  [
    'a whole number with more digits than a number has',
    { seed: 'seed: 12345678901234567890' },
    'a.yaml:2:7: seed: is 12345678901234567890, must be at most 9007199254740991',
  ],
  [
    'lost digits where any number may stand',
    { more: 'regularise: { l2: 9007199254740993 }' },
    'a.yaml:11:19: regularise.l2: is 9007199254740993, the largest whole number that is held exactly is 9007199254740991',
  ],
  [
    'a key twice, deep within',
    { train: 'train:\n  epochs: 5\n  batchSize: 64\n  epochs: 6\n  microBatchSize: 16' },
    "a.yaml:13:3: 'epochs' stands here a second time, first in line 11; a map has a key once, take one of them out",
  ],
  [
    'several documents',
    { more: '---\nname: second' },
    "a.yaml:11:1: a second document begins, a file holds one experiment; take the '---' out",
  ],
  [
    'a tab before a key',
    { train: 'train:\n\tepochs: 5' },
    "a.yaml:11:1: a tab indents this line, YAML is indented by spaces; write '  epochs: 5'",
  ],
  [
    'no space after a colon',
    { train: 'train:\n  epochs:5\n  batchSize: 64\n  microBatchSize: 16' },
    "a.yaml:11:3: a space is missing after the colon; write 'epochs: 5'",
  ],
  [
    'a wrong value in a merged map, at its place there',
    { train: 'train:\n  <<: { batchSize: 64, microBatchSize: few }\n  epochs: 5' },
    "a.yaml:11:40: train.microBatchSize: is 'few', must be a number",
  ],
];

describe('a file is refused, with what to write, for', () => {
  it.each(cases)('%s', (_, lines, message) => expect(messageOf(withLine(lines))).toBe(message));
});

describe('a merge key', () => {
  const merged = (train: string) => parseExperiment(withLine({ train }), 'a.yaml').train;

  it('puts the keys of a map into another, which keeps its own', () => {
    const train = 'train: { <<: { epochs: 1, batchSize: 64, microBatchSize: 16 }, epochs: 7 }';
    expect(merged(train)).toEqual({ epochs: 7, batchSize: 64, microBatchSize: 16, threads: 1 });
  });

  it('takes a list, of which the first map that has a key counts', () => {
    const train = 'train: { <<: [{ epochs: 1 }, { epochs: 2, batchSize: 64, microBatchSize: 16 }] }';
    expect(merged(train)).toEqual({ epochs: 1, batchSize: 64, microBatchSize: 16, threads: 1 });
  });

  it('takes an alias of a map elsewhere', () => {
    const model = 'model: [{ dense: &wide { units: 8, activation: relu } }, { dense: { <<: *wide, units: 10 } }]';
    expect(parseExperiment(withLine({ model }), 'a.yaml').model).toEqual([
      { dense: { units: 8, activation: 'relu' } },
      { dense: { units: 10, activation: 'relu' } },
    ]);
  });
});
