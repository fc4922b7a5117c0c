/** `polyak best --refit` of a sweep that is cross-validated, over real trainings of tiny models. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Refit } from '../../cli/sweep/refit.js';
import type { Experiment } from '../../common/experiment/schema.js';
import { packageRoot } from '../../common/package-root.js';
import { tinySweep } from './tiny-sweep.js';

const execute = promisify(execFile);
const bin = join(packageRoot(), 'bin/polyak.js');
const clouds = { source: 'csv', path: 'clouds.csv', header: false };
const train = { epochs: 1, batchSize: 80, microBatchSize: 40 };

describe('polyak best --refit', () => {
  let state: string;

  const polyak = async (...args: string[]) =>
    await execute(process.execPath, [bin, ...args, '--state', state, '--workers', '1'], { maxBuffer: 1 << 26 });
  const refit = async (sweep: string, seeds: number) => {
    const { stdout, stderr } = await polyak('best', sweep, '--refit', '--seeds', String(seeds), '--json');
    const ids = [...stderr.matchAll(/^(\S+): /gm)].map(([, id]) => String(id));
    return { result: JSON.parse(stdout) as Refit, data: ids.map((id) => experimentOf(id).data) };
  };
  const experimentOf = (id: string) =>
    JSON.parse(readFileSync(join(state, id, 'experiment.json'), 'utf8')) as Experiment;

  beforeAll(() => {
    state = mkdtempSync(join(tmpdir(), 'polyak-refit-'));
  });
  afterAll(() => rmSync(state, { recursive: true }));

  it('of folds sets means over the same folds beside the mean of the sweep, and then holds none out', async () => {
    const crossValidation = { folds: 2, stratified: false };
    const { file } = await tinySweep(state, { trials: 1, crossValidation }, { name: 'folds', data: clouds, train });
    await polyak('sweep', file, '--backend', 'cpu');
    const { result, data } = await refit('folds-search-1', 1);
    const held = data.map(({ validation }) =>
      typeof validation === 'object' ? Object.values(validation)[0] : validation,
    );
    expect(held).toEqual([0, 1, 0]);
    expect(data.map(({ validation }) => typeof validation)).toEqual(['object', 'object', 'number']);
    expect(new Set(data.map(({ seed }) => seed))).toEqual(new Set([231]));
    expect(result).toMatchObject({ folds: 2, validation: 'included', diverged: 0, verdict: 'unknown' });
    expect(result.again.values).toHaveLength(1);
    expect(result.runs).toHaveLength(1);
  }, 120_000);
});
