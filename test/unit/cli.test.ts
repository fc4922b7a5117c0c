/** The command line as a user meets it: real processes of the built program. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram } from '../../cli/program.js';
import { RunFolder, type NewRun } from '../../cli/run-folder.js';
import { errorOf } from '../../cli/run.js';
import { loadExperiment } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const digits = join(packageRoot(), 'examples/digits.yaml');

const commandNames = buildProgram().commands.map((command) => command.name());

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function polyak(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd: folder });
  return { status, stdout, stderr };
}

async function firstLine(child: ChildProcess): Promise<Record<string, unknown>> {
  if (!child.stdout) throw new Error('the child has no stdout');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return JSON.parse(line) as Record<string, unknown>;
}

describe('help', () => {
  it('of every command has examples', () => {
    for (const command of commandNames) {
      const { status, stdout } = polyak(command, '--help');
      expect({ command, status }).toEqual({ command, status: 0 });
      expect(stdout).toMatch(/Examples:\n {2}(npx polyak|source <\(polyak) /);
    }
  });

  it('lists the exit codes', () => {
    const codes = polyak('--help').stdout.split('Exit codes:')[1];
    for (const code of [0, 1, 2, 3, 4, 5, 6, 130, 143]) expect(codes).toMatch(new RegExp(`^ +${code} {2}\\w`, 'm'));
  });

  it('is what docs/commands.md says', () => {
    const script = join(packageRoot(), 'scripts/generate-command-docs.js');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

describe('a mistake on the command line exits 2 and says what would be right', () => {
  const cases: [string[], RegExp][] = [
    [['trian'], /unknown command 'trian'\n\(Did you mean train\?\)/],
    [['train', 'nope.yaml'], /experiment file 'nope\.yaml' does not exist/],
    [['train', digits, '--workers', '0'], /'--workers <n>' argument '0' is invalid\. It must be a whole number from 1/],
    [['train', digits, '--steps', '1', '--epochs', '1'], /--steps 1 and --epochs 1 exclude each other/],
    [['train', digits, '--set', 'optimizer.adam.learnRate=1'], /learnRate/],
    [['train', digits, '--coordinator', 'nowhere'], /--coordinator 'nowhere': must be host:port/],
    [['resume', 'digits-9'], /there is no run 'digits-9' \(looked for run\.json in /],
    [['train', digits, '--budget', 'soon'], /'soon' is invalid\. It must be a time such as 90s, 30m, 2h/],
    [['train', digits, '--param', 'size'], /--param 'size': must be name=value/],
    [['train', digits, '--from', 'digits-9'], /there is no run 'digits-9'/],
    [['show', '@last'], /@last: there are no runs in .*; 'polyak train FILE' makes one/],
    [['compare', 'digits-1'], /compare digits-1: takes two runs or more/],
    [['status', 'sweep/17'], /there is no sweep 'sweep' \(wanted for 'sweep\/17'\)/],
    [['logs', 'sweep@best'], /there is no sweep 'sweep'/],
    [['data', 'imagenet'], /'imagenet' is invalid.*Allowed choices are fashion-mnist, mnist, cifar10/],
    [['completion', 'tcsh'], /'tcsh' is invalid.*Allowed choices are bash, zsh, fish/],
    [['worker', '--coordinator', 'a:1', '--transport', 'udp'], /'udp' is invalid.*Allowed choices are socket, grpc/],
    [['evaluate', 'digits-9'], /there is no run 'digits-9'/],
    [['predict', 'digits-9'], /missing required argument 'files'/],
    [['export', 'digits-9'], /required option '--format <name>' not specified/],
    [['export', 'digits-9', '--format', 'hdf5'], /Allowed choices are safetensors, tfjs, onnx/],
    [['worker'], /required option '--coordinator <host:port>' not specified/],
    [['coordinator', '--listen', 'localhost'], /--listen 'localhost': must be host:port/],
  ];
  for (const [args, message] of cases) {
    it(`polyak ${args.map((arg) => arg.replace(packageRoot(), '.')).join(' ')}`, () => {
      const { status, stderr } = polyak(...args);
      expect(stderr).toMatch(message);
      expect(status).toBe(2);
    });
  }

  it('and under --json the error is also the last line of stdout', () => {
    const { status, stdout } = polyak('train', 'nope.yaml', '--json');
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ event: 'failed', code: 'usage' });
    expect(JSON.parse(polyak('show', '--json').stdout)).toEqual({
      ...{ event: 'failed', code: 'usage', message: "missing required argument 'run'" },
    });
  });

  it('and every command takes --json', () => {
    for (const command of buildProgram().commands) {
      expect(command.options.map(({ long }) => long)).toContain('--json');
    }
  });

  it('leaves no run behind', () => {
    polyak('train', digits, '--set', 'train.epochs=none', '--state', 'runs');
    expect(existsSync(join(folder, 'runs'))).toBe(false);
  });
});

it('a command whose reader has gone ends without a word', async () => {
  const child = spawn(process.execPath, [bin, 'validate', digits], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(errors).toBe('');
});

describe('a role', () => {
  it('says where it listens, drains on SIGTERM and exits 0', async () => {
    const child = spawn(process.execPath, [bin, 'coordinator', '--store', join(folder, 'c.db'), '--json'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const line = await firstLine(child);
    expect(line).toEqual({
      event: 'listening',
      role: 'coordinator',
      address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      metrics: expect.any(Number) as number,
    });
    expect((await fetch(`http://127.0.0.1:${String(line['metrics'])}/healthz`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('ends with the process that started it', async () => {
    const args = [bin, 'coordinator', '--store', join(folder, 'c.db'), '--json', '--parent-pipe'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    await firstLine(child);
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('whose store is taken by another says Fenced and exits 1', async () => {
    const start = () =>
      spawn(process.execPath, [bin, 'coordinator', '--store', join(folder, 'c.db'), '--json'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const older = start();
    await firstLine(older);
    const younger = start();
    let errors = '';
    older.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    expect((await once(older, 'close'))[0]).toBe(1);
    expect(errors).toContain('Fenced');
    younger.kill('SIGTERM');
    expect(await once(younger, 'exit')).toEqual([0, null]);
  });
});

describe('the folder of a run', () => {
  const options: NewRun = {
    ...{ untilStep: 0, workers: 2, shards: 1, backend: 'tensorflow', coordinator: null, parent: null },
    provenance: { command: null, git: null, versions: { polyak: '0', node: '0', library: 'none' } },
  };

  it('is numbered, and never that of another run', async () => {
    const experiment = await loadExperiment(digits);
    mkdirSync(join(folder, 'digits-2'));
    const names = [1, 2].map(() => RunFolder.create(folder, experiment, options).facts.name);
    expect(names).toEqual(['digits-1', 'digits-3']);
    expect(readdirSync(join(folder, 'digits-1')).toSorted()).toEqual([
      'checkpoints',
      'experiment.json',
      'logs',
      'run.json',
    ]);
  });

  it('is found again by its path and by its name, with the same key and experiment', async () => {
    const made = RunFolder.create(folder, await loadExperiment(digits), options);
    for (const run of [made.path, 'digits-1']) {
      const found = RunFolder.open(folder, run);
      expect(found.facts).toEqual(made.facts);
      expect(found.experiment).toBe(made.experiment);
    }
    expect(() => RunFolder.open(folder, 'digits-7')).toThrow(/; there are digits-1\)/);
  });

  it('says in run.json which processes run now', async () => {
    const made = RunFolder.create(folder, await loadExperiment(digits), options);
    const role = { role: 'server', index: 0, pid: 7, address: '127.0.0.1:1', metricsPort: 2 } as const;
    made.update({ roles: [role] });
    expect(JSON.parse(readFileSync(join(made.path, 'run.json'), 'utf8'))).toMatchObject({ roles: [role] });
  });
});

describe('the last event of a run decides the exit code', () => {
  it('0 when finished or stopped, 4 when diverged, and that of its code when failed', () => {
    const exitCode = (event: object) => errorOf(event as { event: string })?.exitCode ?? 0;
    expect(exitCode({ event: 'finished' })).toBe(0);
    expect(exitCode({ event: 'stopped', step: 3 })).toBe(0);
    expect(exitCode({ event: 'diverged', step: 3, layer: 'dense', message: 'm' })).toBe(4);
    expect(exitCode({ event: 'failed', code: 'data', message: 'm' })).toBe(3);
    expect(exitCode({ event: 'failed', code: 'usage', message: 'm' })).toBe(2);
    expect(exitCode({ event: 'failed', code: 'no such code', message: 'm' })).toBe(1);
  });
});
