/** A module of the user's own: the same numbers however the work is cut, on workers that have never seen its file. */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRole } from './cluster-role.js';
import { ClusterRun, type RunEvent } from './cluster-run.js';

const examples = join(packageRoot(), 'examples');
const file = join(examples, 'custom-module.yaml');
const bin = join(packageRoot(), 'bin/polyak.js');
const steps = ['--steps', '60', '--set', 'checkpoint.every=0.5'];

async function polyak(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [bin, ...args])) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

function layout(workers: number, shards: number): string[] {
  return ['--workers', String(workers), '--shards', String(shards)];
}

describe('examples/custom-module.yaml with its own data, augmentation, layer and loss', () => {
  let run: ClusterRun;
  let reference: RunEvent;

  beforeAll(async () => {
    run = ClusterRun.train(file, [...steps, ...layout(1, 1)]);
    reference = await run.finished();
    expect(reference['steps']).toBe(60);
  });
  afterAll(() => run.remove());

  const expectSame = (result: RunEvent) => {
    expect(result['weightsSha256']).toBe(reference['weightsSha256']);
    expect(result['averageSha256']).toBe(reference['averageSha256']);
    expect(result['validation']).toEqual(reference['validation']);
  };

  it.each([
    [2, 1],
    [3, 2],
  ])('has the same weights on %i workers and %i shards', async (workers, shards) => {
    const other = ClusterRun.train(file, [...steps, ...layout(workers, shards)]);
    try {
      expectSame(await other.finished());
    } finally {
      other.remove();
    }
  });

  it('has the same weights when all is killed on the way and it is resumed without its file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'polyak-module-'));
    for (const name of ['custom-module.yaml', 'custom-module.ts'])
      copyFileSync(join(examples, name), join(folder, name));
    const cut = ClusterRun.train(join(folder, 'custom-module.yaml'), [...steps, ...layout(2, 1)]);
    try {
      await cut.step(20);
      cut.process.kill('SIGKILL');
      await cut.exitCode();
      rmSync(folder, { recursive: true });
      expectSame(await cut.resume(layout(1, 2)).finished());
    } finally {
      cut.remove();
    }
  });

  it('trains again from what the run has stored', async () => {
    const { stdout } = await polyak('show', run.folder, '--experiment');
    const folder = mkdtempSync(join(tmpdir(), 'polyak-module-'));
    const stored = join(folder, 'again.yaml');
    writeFileSync(stored, stdout);
    const again = ClusterRun.train(stored, [...steps, ...layout(1, 1)]);
    try {
      expectSame(await again.finished());
    } finally {
      again.remove();
      rmSync(folder, { recursive: true });
    }
  });

  it('is evaluated as training did it', async () => {
    const { stdout } = await polyak('evaluate', run.folder, '--split', 'validation', '--json');
    const { loss, accuracy, metrics } = JSON.parse(stdout) as Record<string, unknown> & { metrics: object };
    expect(Object.keys(metrics)).toContain('confidence');
    expect(reference['validation']).toMatchObject({ loss, accuracy, ...metrics });
  });

  it('is measured by its own metric too', () => {
    const { confidence } = reference['validation'] as { confidence: number };
    expect(confidence).toBeGreaterThan(0.5);
    expect(confidence).toBeLessThanOrEqual(1);
  });

  it('is exported as safetensors, and refused by formats that have no word for its layer', async () => {
    expect((await polyak('export', run.folder, '--format', 'safetensors')).code).toBe(0);
    const { code, stderr } = await polyak('export', run.folder, '--format', 'tfjs');
    expect(code).toBe(2);
    expect(stderr).toContain("--format tfjs: layer 'radialBasis_1' is a radialBasis of the run's module");
    const onnx = await polyak('export', run.folder, '--format', 'onnx');
    expect(onnx.stderr).toContain("--format onnx: layer 'radialBasis_1' is a radialBasis, which it cannot say");
  });

  it('is not resumed from a module that was changed', async () => {
    const facts = JSON.parse(readFileSync(join(run.folder, 'run.json'), 'utf8')) as {
      provenance: { module: { sha256: string } };
    };
    const { sha256 } = facts.provenance.module;
    const path = join(run.folder, 'modules', `${sha256}.cjs`);
    const code = readFileSync(path, 'utf8');
    writeFileSync(path, `${code}\n`);
    const { code: exit, stderr } = await polyak('resume', run.folder);
    writeFileSync(path, code);
    expect(exit).toBe(3);
    expect(stderr).toContain(`the experiment's is ${sha256}; it is torn or was changed`);
  });
});

describe('a worker elsewhere', () => {
  let folder: string;
  let coordinator: string;
  const roles: ClusterRole[] = [];

  const start = (...[role, args, place]: [Parameters<typeof ClusterRole.start>[0], string[], object?]) => {
    const started = ClusterRole.start(role, args, [], place);
    roles.push(started);
    return started;
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-module-'));
    const store = join(folder, 'coordinator.db');
    const role = start('coordinator', ['--listen', '127.0.0.1:0', '--store', store]);
    coordinator = (await role.listening).address;
    start('server', ['--coordinator', coordinator, '--shard', '0']);
  });
  afterEach(async () => {
    for (const role of roles.splice(0).toReversed()) await role.kill();
    rmSync(folder, { recursive: true });
  });

  /** A machine that has nothing: another folder, an empty cache. */
  const bareWorker = (...flags: string[]) =>
    start('worker', ['--coordinator', coordinator, '--backend', 'cpu', ...flags], {
      cwd: folder,
      env: { POLYAK_CACHE: join(folder, 'cache') },
    });

  it('gets the module from the lead and keeps it in its cache', async () => {
    bareWorker();
    const run = ClusterRun.submit(file, coordinator, ['--steps', '3']);
    try {
      expect((await run.finished())['steps']).toBe(3);
      const { provenance } = JSON.parse(readFileSync(join(run.folder, 'run.json'), 'utf8')) as {
        provenance: { module: { sha256: string } };
      };
      expect(existsSync(join(folder, 'cache/modules', `${provenance.module.sha256}.cjs`))).toBe(true);
    } finally {
      run.remove();
    }
  });

  it('refuses under --no-modules, which the run says, and goes on with another that does not', async () => {
    bareWorker('--no-modules');
    const run = ClusterRun.submit(file, coordinator, ['--steps', '3']);
    try {
      const refused = await run.event(({ event, kind }) => event === 'notice' && kind === 'refused');
      const why = 'the trial has a module, custom-module.ts, and this worker was started with --no-modules';
      expect(refused['message']).toContain(`${why}: it runs no code of others`);
      const waiting = await run.event(({ event, kind }) => event === 'notice' && kind === 'no-workers');
      expect(waiting['message']).toBe('no worker is left that runs modules; the run waits for one');
      bareWorker();
      expect((await run.finished())['steps']).toBe(3);
    } finally {
      run.remove();
    }
  });
});

describe('a module that', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'polyak-module-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const experiment = {
    name: 'own',
    module: './own.ts',
    data: { source: 'module' },
    model: [{ dense: { units: 2 } }],
    loss: 'module',
    optimizer: { sgd: { learningRate: 0.1 } },
    train: { epochs: 8, batchSize: 4, microBatchSize: 4 },
  };
  const train = (source: string, more: object = {}) => {
    writeFileSync(join(folder, 'own.ts'), source);
    writeFileSync(join(folder, 'own.yaml'), JSON.stringify({ ...experiment, ...more }));
    return ClusterRun.train(join(folder, 'own.yaml'), [...layout(1, 1), '--backend', 'cpu']);
  };
  const source = (body: string, more = '') => `
import * as tf from '@tensorflow/tfjs';
import { defineModule } from 'polyak/module';
let calls = 0;
export default defineModule({
  dataSource: () => ({
    shape: [2],
    classes: ['a', 'b'],
    train: { samples: new Float32Array(32), labels: new Int32Array(16) },
  }),
  loss: {
    perSample(outputs, labels) {
      ${body}
      return tf.sum(outputs, 1);
    },
  },
  ${more}
});
`;

  it('throws fails the run with its place in the source, and ends no process', async () => {
    const run = train(source(`if ((calls += 1) > 8) throw new RangeError('no more');`));
    try {
      expect(await run.exitCode()).toBe(4);
      const failed = run.events.at(-1);
      expect(failed?.event).toBe('failed');
      expect(failed?.['code']).toBe('training');
      expect(failed?.['message']).toMatch(
        /module own\.ts, loss\.perSample: RangeError: no more\n {4}at .*perSample \(own\.ts:13:35\)/,
      );
      expect(run.events.filter(({ kind }) => kind === 'restart')).toEqual([]);
    } finally {
      run.remove();
    }
  });

  it('draws by no seed trains, and the run says so once', async () => {
    const noise = 'augment: { noise: (sample) => void (sample[0] = Math.random()) },';
    const run = train(source('', noise), { augment: ['noise'] });
    try {
      await run.finished();
      const notices = run.events.filter(({ kind }) => kind === 'module');
      expect(notices.map(({ message }) => message)).toEqual([
        'module own.ts calls Math.random, which the seed does not decide, so the run may not be reproducible; draw from the generator that it is given',
      ]);
    } finally {
      run.remove();
    }
  });
});
