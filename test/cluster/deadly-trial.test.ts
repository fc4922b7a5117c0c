/** A trial that kills whoever computes for it, as one does that takes more memory than there is, takes nothing else with it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SweepCommand } from './sweep-command.js';
import { tinySweep } from './tiny-sweep.js';

/** A layer that does nothing, or ends its process as the kernel would: at once, or at the one batch that has the last sample. */
const module = `
import * as tf from '@tensorflow/tfjs';
import { defineModule } from 'polyak/module';

class Deadly extends tf.layers.Layer {
  static className = 'Deadly';
  constructor(options) {
    super(options);
    this.when = options.when;
  }
  computeOutputShape(shape) {
    return shape;
  }
  call(inputs) {
    const input = Array.isArray(inputs) ? inputs[0] : inputs;
    const isFatal = this.when === 'always' || (this.when === 'once' && tf.max(input).dataSync()[0] > 2);
    if (isFatal) process.kill(process.pid, 'SIGKILL');
    return input;
  }
  getConfig() {
    return { ...super.getConfig(), when: this.when };
  }
}

export default defineModule({ layers: { deadly: Deadly } });
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-deadly-'));
});
afterEach(() => {
  if (existsSync(folder)) rmSync(folder, { recursive: true });
});

/** Five trials: two are harmless, one kills at its first micro-batch, one in a later step of each epoch, one is harmless again. */
async function deadlySweep(): Promise<string> {
  const rows = ['never', 'always', 'never', 'once', 'never'].map((when, at) => `0.1,0.${at},${when}`);
  const list = join(folder, 'trials.csv');
  writeFileSync(list, `learningRate,momentum,when\n${rows.join('\n')}\n`);
  const choice = { choice: ['never', 'always', 'once'] };
  const space = { learningRate: { logUniform: [1e-3, 1] }, momentum: { uniform: [0, 0.95] }, when: choice };
  const model = [{ deadly: { when: '$when' } }, { dense: { units: 4, activation: 'relu' } }, { dense: { units: 3 } }];
  writeFileSync(join(folder, 'deadly.mjs'), module);
  const file = join(folder, 'deadly.mjs');
  const { file: experiment, folder: within } = await tinySweep(
    folder,
    { trials: 5, sampler: { list }, space },
    { module: { file }, model },
  );
  // One sample unlike all others.
  const data = join(within, 'clouds.csv');
  writeFileSync(data, readFileSync(data, 'utf8').replace(/\n[^\n]*\n$/, '\n9,9,9,9,2\n'));
  return experiment;
}

it('a sweep with trials that kill every worker that takes them fails those and finishes the others, on one worker', async () => {
  const file = await deadlySweep();
  const sweep = new SweepCommand([
    'sweep',
    file,
    '--workers',
    '1',
    '--backend',
    'cpu',
    '--state',
    join(folder, 'runs'),
  ]);
  const { code, said } = await sweep.ended;
  expect(code, `it said ${said}`).toBe(0);
  const ends = sweep.lines.filter(
    ({ event, trial }) => (event === 'finished' || event === 'failed') && trial !== undefined,
  );
  const byTrial = ends.toSorted((left, right) => Number(left['trial']) - Number(right['trial']));
  expect(byTrial.map(({ event, trial }) => [trial, event])).toEqual([
    [0, 'finished'],
    [1, 'failed'],
    [2, 'finished'],
    [3, 'failed'],
    [4, 'finished'],
  ]);
  const [atFirst, atOnce] = byTrial.flatMap(({ event, reason }) => (event === 'failed' ? [String(reason)] : []));
  const way = /memory.* Make train\.microBatchSize \(40\) or the model smaller/;
  expect(atFirst).toMatch(/^4 workers died one after another while they prepared for this trial/);
  expect(atFirst).toMatch(way);
  expect(atOnce).toMatch(
    /^4 workers died one after another while they (computed for step \d+ of|evaluated) this trial/,
  );
  expect(atOnce).toMatch(way);
  // They died of it and of nothing else, and it was not tried again.
  const restarts = sweep.lines.filter(({ event, kind }) => event === 'notice' && kind === 'restart');
  expect(restarts).toHaveLength(8);
});
