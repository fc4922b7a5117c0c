/** A sweep whose store another process has: it is not taken away from it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireFree } from '../../cli/sweep/run-sweep.js';
import { SweepFolder, type NewSweep } from '../../cli/sweep/sweep-folder.js';

let state: string;
const other = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'polyak-in-use-'));
  return () => rmSync(state, { recursive: true });
});
afterEach(() => void other.kill());

function create(name: string, store?: string): SweepFolder {
  const options: NewSweep = {
    ...{ workers: 1, shards: 1, backend: 'cpu', coordinator: null, settings: {}, replayOf: null },
    ...(store !== undefined && { store }),
    provenance: {} as NewSweep['provenance'],
  };
  return SweepFolder.create(state, name, { experiment: {}, folder: '/' }, options);
}

describe('a sweep is refused', () => {
  it('that another process follows, and one that has its store from it, until that has ended', async () => {
    const original = create('digits-search');
    const repetition = create('digits-replay', original.facts.store);
    const unrelated = create('digits-search');
    writeFileSync(join(create('torn').path, 'sweep.json'), '{');
    repetition.update({ pid: other.pid ?? null });
    expect(() => requireFree(repetition)).toThrow(`is followed by process ${other.pid}`);
    expect(() => requireFree(original)).toThrow(
      `digits-search-1 and digits-replay-1 are in one store, and process ${other.pid} runs digits-replay-1`,
    );
    requireFree(unrelated);
    other.kill();
    await new Promise((resolve) => other.once('exit', resolve));
    requireFree(original);
    requireFree(repetition);
  });
});
