/** What commands say of runs, out of folders alone: their journal, their record, and where their experiment came from. */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { differencesOf, flatten } from '../../cli/compare.js';
import { completionScript } from '../../cli/completion.js';
import { LogLines } from '../../cli/log-lines.js';
import { buildProgram } from '../../cli/program.js';
import { provenanceOf, shellQuoted } from '../../cli/provenance.js';
import { historyOf } from '../../cli/run-facts.js';
import { RunFolder } from '../../cli/run-folder.js';
import { RunJournal, readJournal } from '../../cli/run-journal.js';
import { loadExperiment } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const digits = join(packageRoot(), 'examples/digits.yaml');
/** No process has it: Linux gives out at most 2^22. */
const deadPid = 2 ** 30;

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'polyak-runs-'));
});
afterEach(() => rmSync(state, { recursive: true }));

async function newRun(): Promise<RunFolder> {
  return RunFolder.create(state, await loadExperiment(digits), {
    ...{ untilStep: 0, workers: 2, shards: 1, backend: 'tensorflow', coordinator: null, parent: null },
    provenance: await provenanceOf('tensorflow', digits),
  });
}

function polyak(...args: string[]) {
  return spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd: state });
}

const epoch = (number: number) => ({ event: 'epoch', epoch: number, step: number * 10, loss: 1 / number });

describe('the state of a run', () => {
  it('is new, running, interrupted, and then as it ended', async () => {
    const folder = await newRun();
    const stateNow = () => historyOf(folder).results.state;
    const journal = new RunJournal(folder.journal);
    expect(stateNow()).toBe('new');
    folder.update({ pid: process.pid });
    journal.note({ event: 'started' });
    expect(stateNow()).toBe('running');
    folder.update({ pid: deadPid });
    expect(stateNow()).toBe('interrupted');
    for (const event of ['stopped', 'failed', 'diverged', 'finished']) {
      journal.add({ event, step: 7 });
      expect(stateNow()).toBe(event);
    }
    journal.note({ event: 'started' });
    expect(stateNow()).toBe('interrupted');
  });

  it('has the scores of the last epoch until the end brings better ones', async () => {
    const folder = await newRun();
    const journal = new RunJournal(folder.journal);
    journal.note({ event: 'started' });
    journal.add(epoch(1));
    journal.add({ ...epoch(2), validation: { loss: 3, accuracy: 0.25 } });
    expect(historyOf(folder).results).toMatchObject({ step: 20, epoch: 2, loss: 0.5, validation: { accuracy: 0.25 } });
    journal.add({ event: 'finished', steps: 25, validation: { loss: 2, accuracy: 0.5 }, weightsSha256: 'ab' });
    expect(historyOf(folder).results).toMatchObject({
      ...{ step: 25, loss: 0.5, validation: { accuracy: 0.5 }, weightsSha256: 'ab' },
    });
  });
});

describe('the journal of a run', () => {
  it('keeps once what a coordinator tells again to the next follower, and no progress', async () => {
    const { journal: file } = await newRun();
    const first = new RunJournal(file);
    first.add(epoch(1));
    first.add({ event: 'progress', step: 11 });
    const second = new RunJournal(file);
    second.add(epoch(1));
    second.add(epoch(2));
    expect(readJournal(file).map((entry) => entry['epoch'])).toEqual([1, 2]);
  });

  it('loses no more than the line that a crash tore', async () => {
    const { journal: file } = await newRun();
    new RunJournal(file).add(epoch(1));
    appendFileSync(file, '{"at":"2026');
    new RunJournal(file).add(epoch(2));
    expect(readJournal(file).map((entry) => entry['epoch'])).toEqual([1, 2]);
  });
});

describe('a refusal exits 2 and says why:', () => {
  it('an experiment does not change when its run goes on', async () => {
    await newRun();
    const { status, stderr } = polyak('resume', '@last', '--state', '.', '--set', 'seed=2');
    expect(stderr).toMatch(
      /--set seed=2: a run goes on as it is, because .*'polyak train FILE --from digits-1 --set seed=2'/,
    );
    expect(status).toBe(2);
  });

  it('nor do its epochs become more', async () => {
    await newRun();
    const { status, stderr } = polyak('resume', 'digits-1', '--state', '.', '--epochs', '25');
    expect(stderr).toMatch(/--epochs 25: the experiment of digits-1 has 24 epochs.*learning rates may depend on them/);
    expect(status).toBe(2);
  });

  it('a run that does not run cannot be stopped', async () => {
    await newRun();
    const { status, stderr } = polyak('stop', 'digits-1', '--state', '.');
    expect(stderr).toMatch(/digits-1 is new, only a run that is running can be stopped/);
    expect(status).toBe(2);
  });

  it('a run without a checkpoint has no weights to branch from', async () => {
    await newRun();
    const { status, stderr } = polyak('train', digits, '--state', '.', '--from', 'digits-1');
    expect(stderr).toMatch(/--from digits-1: digits-1 has no checkpoint yet/);
    expect(status).toBe(2);
    expect(polyak('ls', '--state', '.').stdout).not.toMatch(/digits-2/);
  });

  it('a branch whose parent never reached its folder does not begin with drawn weights', async () => {
    const folder = await newRun();
    folder.update({ parent: { run: 'digits-0', trialKey: '00', step: 1, weightsSha256: '00' } });
    const { status, stderr } = polyak('resume', 'digits-1', '--state', '.', '--backend', 'cpu');
    expect(stderr).toMatch(/digits-1 is a branch of digits-0 and has not got its weights/);
    expect(status).toBe(2);
  });
});

describe('ls, and status of all runs,', () => {
  it('say what to do where there are no runs', () => {
    expect(polyak('status').stdout).toMatch(/no run and no sweep is running here; 'npx polyak ls' lists all/);
    expect(polyak('ls').stdout).toMatch(/no runs in .*; 'npx polyak train FILE' makes one/);
  });

  it('show the runs that can be read and name one that cannot', async () => {
    await newRun();
    const broken = await newRun();
    writeFileSync(join(broken.path, 'run.json'), '{');
    const { status, stdout, stderr } = polyak('ls', '--state', '.', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ run: 'digits-1', state: 'new', parent: null });
    expect(stderr).toMatch(/digits-2 cannot be read/);
    expect(status).toBe(0);
    const all = polyak('status', '--state', '.');
    expect(all.stdout).toMatch(/no run and no sweep is running here/);
    expect(all.status).toBe(0);
  });
});

describe('provenance', () => {
  it('has the commit of the experiment, and says whether files were changed since', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@b', ...args], { cwd: state, encoding: 'utf8' });
    const file = join(state, 'experiment.yaml');
    writeFileSync(file, 'name: a\n');
    git('init', '-q');
    expect((await provenanceOf('cpu', file)).git).toBeNull();
    git('add', '.');
    git('commit', '-qm', 'one');
    const commit = git('rev-parse', 'HEAD').trim();
    expect((await provenanceOf('cpu', file)).git).toEqual({ commit, dirty: false });
    writeFileSync(file, 'name: b\n');
    expect((await provenanceOf('cpu', file)).git).toEqual({ commit, dirty: true });
  });

  it('has the versions, and no command for a run of the library', async () => {
    const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
    expect(await provenanceOf('cpu')).toMatchObject({
      ...{ command: null, git: null, versions: { polyak: version, node: process.versions.node } },
    });
  });

  it('quotes a command so that a shell reads it again', () => {
    const words = ['--set', 'optimizer={"sgd":{}}', "it's"];
    const echoed = execFileSync('sh', ['-c', `printf '%s\\n' ${words.map(shellQuoted).join(' ')}`], {
      encoding: 'utf8',
    });
    expect(echoed.trimEnd().split('\n')).toEqual(words);
  });
});

it('experiments differ by dotted path; what one lacks is a difference too', () => {
  const one = flatten({ a: 1, list: [1, 2], model: [{ dense: { units: 3 } }, 'flatten'] });
  const two = flatten({ a: 1, list: [1, 3], model: [{ dense: { units: 4 } }, 'flatten'], extra: true });
  expect(differencesOf([one, two])).toEqual([
    {
      path: 'list',
      values: [
        [1, 2],
        [1, 3],
      ],
    },
    { path: 'model.0.dense.units', values: [3, 4] },
    { path: 'extra', values: [undefined, true] },
  ]);
});

it('log lines survive being read in pieces, and what is no record keeps its place in time', () => {
  const lines = new LogLines('worker-0');
  const bytes = Buffer.from('{"time":5,"msg":"é"}\nTypeError: no\n{"time":7,"msg":"last"}');
  const pieces = [bytes.subarray(0, 18), bytes.subarray(18)];
  const found = [...pieces.flatMap((piece) => lines.add(piece)), ...lines.end()];
  expect(found.map(({ time, record }) => [time, record['msg']])).toEqual([
    [5, 'é'],
    [5, 'TypeError: no'],
    [7, 'last'],
  ]);
});

describe('completion', () => {
  it('of bash completes commands, flags, choices and the ids of runs', async () => {
    await newRun();
    const script = `${completionScript(buildProgram(), 'bash')}
      complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _polyak; echo "\${COMPREPLY[@]}"; }
      complete_words polyak resu
      complete_words polyak show dig
      complete_words polyak train x --budg
      complete_words polyak train x --backend c
      complete_words polyak data ci`;
    const env = { ...process.env, POLYAK_STATE: state };
    const answer = execFileSync('bash', ['--noprofile', '--norc', '-c', script], {
      encoding: 'utf8',
      env,
      cwd: packageRoot(),
    });
    expect(answer.trimEnd().split('\n')).toEqual(['resume', 'digits-1', '--budget', 'cpu', 'cifar10']);
  });

  it('of zsh and fish knows every command and its flags', () => {
    const program = buildProgram();
    for (const command of program.commands) {
      expect(completionScript(program, 'zsh')).toContain(`'${command.name()}:`);
      expect(completionScript(program, 'fish')).toContain(`-a ${command.name()} `);
    }
    expect(completionScript(program, 'zsh')).toContain("'*--transport[");
    expect(completionScript(program, 'fish')).toContain("-l transport -x -a 'socket grpc'");
  });
});
