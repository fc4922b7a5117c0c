/** A sweep whose trials begin with weights of elsewhere: all with the same, which are noted when it is begun. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareSweep } from '../../cli/sweep/prepare-sweep.js';
import { templateOf } from '../../common/experiment/load.js';
import type { Experiment } from '../../common/experiment/schema.js';
import { TrialPlan } from '../../coordinator/sweep/trial-plan.js';
import { hashOfWeights } from '../../server/transfer/transferred-weights.js';
import { DataFolder } from '../bad-input/data-files.js';

let folder: DataFolder;
beforeEach(() => {
  folder = new DataFolder({ 'one.safetensors': weights(1), 'other.safetensors': weights(2) });
});
afterEach(() => folder.remove());

/** A kernel of one float. */
function weights(value: number): Buffer {
  const json = JSON.stringify({ 'out/kernel': { dtype: 'F32', shape: [1, 1], data_offsets: [0, 4] } });
  const bytes = Buffer.alloc(8 + json.length + 4);
  bytes.writeBigUInt64LE(BigInt(json.length));
  bytes.write(json, 8);
  bytes.writeFloatLE(value, 8 + json.length);
  return bytes;
}

const sha256 = (value: number) => createHash('sha256').update(weights(value)).digest('hex');

function prepare(transfer: object, space: object = {}, coordinator?: string) {
  const value = {
    ...{ name: 'swept', data: { source: 'csv', path: 'x.csv', validation: 0.5 } },
    ...{ model: [{ dense: { name: 'out', units: 1 } }], loss: 'softmaxCrossEntropy', metrics: ['accuracy'] },
    optimizer: { sgd: { learningRate: '$rate' } },
    ...{ train: { epochs: 1, batchSize: 4, microBatchSize: 4 }, transfer },
    search: { trials: 3, space: { rate: { uniform: [0.1, 1] }, ...space } },
  };
  const place = { state: folder.path, ...(coordinator !== undefined && { coordinator }) };
  return prepareSweep(templateOf(value, folder.path), place);
}

function trialsOf({ value }: { value: Record<string, unknown> }): Experiment[] {
  const plan = new TrialPlan({ value, folder: folder.path });
  return [0, 1, 2].map((number) => JSON.parse(plan.experimentOf(plan.draw(number).parameters, 0)) as Experiment);
}

describe('a sweep with `transfer`', () => {
  it('has the hash of the weights when it is begun, so that a trial of a file that has changed fails by its name', async () => {
    const trials = trialsOf(await prepare({ from: 'one.safetensors', head: ['none*'] }));
    expect(trials.map(({ transfer }) => transfer?.sha256)).toEqual([sha256(1), sha256(1), sha256(1)]);
    expect(trials[0]?.transfer).toMatchObject({ from: join(folder.path, 'one.safetensors'), head: ['none*'] });
    writeFileSync(join(folder.path, 'one.safetensors'), weights(3));
    for (const { transfer } of trials) {
      await expect(hashOfWeights(transfer!)).rejects.toThrow(
        `one.safetensors has sha256 ${sha256(3)}, not ${sha256(1)}; it has changed`,
      );
    }
  });

  it('is not begun with another file than it names itself, nor with one that is not there', async () => {
    await expect(prepare({ from: 'one.safetensors', sha256: sha256(2) })).rejects.toThrow(
      `has sha256 ${sha256(1)}, not ${sha256(2)}; it has changed`,
    );
    await expect(prepare({ from: 'gone.safetensors' })).rejects.toThrow(/transfer\.from: '.*gone\.safetensors'/);
  });

  it('has none where its trials draw the file, or where only a cluster elsewhere has it', async () => {
    const files = { file: { choice: ['one.safetensors', 'other.safetensors'] } };
    const drawn = trialsOf(await prepare({ from: '$file' }, files));
    expect(drawn.map(({ transfer }) => transfer?.sha256)).toEqual([undefined, undefined, undefined]);
    const elsewhere = trialsOf(await prepare({ from: '/cluster/w.safetensors' }, {}, '127.0.0.1:1'));
    expect(elsewhere[0]?.transfer?.sha256).toBeUndefined();
    const here = trialsOf(await prepare({ from: 'other.safetensors' }, {}, '127.0.0.1:1'));
    expect(here[0]?.transfer?.sha256).toBe(sha256(2));
  });
});
