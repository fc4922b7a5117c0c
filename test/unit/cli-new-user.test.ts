/**
 * Every command as somebody meets it who has just come: its help, an option that is not quite one, and nothing there yet.
 * None of them may answer with a stack, and each says the way out.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../../cli/program.js';
import { packageRoot } from '../../common/package-root.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const digits = join(packageRoot(), 'examples/digits.yaml');
/** Nobody listens there: the port is reserved. */
const nowhere = '127.0.0.1:1';

interface Tried {
  /** What its help says that it does. */
  does: RegExp;
  /** An option that it has not got, and the one that was meant. */
  slip: [wrong: string, meant: string];
  /** Options without which nothing else is looked at. */
  needs?: string[];
  /** Without data, runs or cluster: arguments, exit code, and what it says. */
  bare: [args: string[], exitCode: number, says: RegExp][];
  environment?: Record<string, string>;
}

const noRuns = /@last: there are no runs in .*\.polyak; 'polyak train FILE' makes one/;

const noSweeps = /there is no sweep '@last': none in .*\.polyak; 'polyak sweep FILE' makes one/;

const commands: Record<string, Tried> = {
  sweep: {
    does: /Runs the trials of the experiment's search/,
    slip: ['--trial', '--trials'],
    bare: [
      [[], 2, /sweep: which experiment file\? Or --replay SWEEP/],
      [['missing.yaml'], 2, /experiment file 'missing\.yaml' does not exist/],
      [['no-data.yaml'], 2, /search: is missing, a sweep needs it, such as/],
      [['--replay', '@last'], 2, noSweeps],
    ],
  },
  trials: { does: /Lists the trials of a sweep/, slip: ['--sorted', '--sort'], bare: [[['@last'], 2, noSweeps]] },
  best: { does: /Shows the best trial of a sweep/, slip: ['--refits', '--refit'], bare: [[['@last'], 2, noSweeps]] },
  report: { does: /Writes report\.html/, slip: ['--outputs', '--output'], bare: [[['@last'], 2, noSweeps]] },
  pause: { does: /Lets a sweep that runs rest/, slip: ['--stat', '--state'], bare: [[['@last'], 2, noSweeps]] },
  set: {
    does: /Changes what of a sweep may be changed/,
    slip: ['--stat', '--state'],
    bare: [
      [['@last', 'workers=2'], 2, noSweeps],
      [['@last', 'workers'], 2, /'workers': must be such as workers=4 or budget\.time=2h/],
    ],
  },
  retry: {
    does: /Tries a trial that has failed again/,
    slip: ['--jso', '--json'],
    bare: [[['@last'], 2, /'@last' names no trial of a sweep; such as digits-search-1\/17/]],
  },
  archive: {
    does: /Puts a sweep that does not run into one file/,
    slip: ['--out', '--output'],
    bare: [[['@last'], 2, noSweeps]],
  },
  restore: {
    does: /Takes a sweep out of a file/,
    slip: ['--stat', '--state'],
    bare: [[['missing.tar.gz'], 2, /there is no file 'missing\.tar\.gz'; 'polyak archive SWEEP' makes one/]],
  },
  gc: {
    does: /Deletes checkpoints of trials that are over/,
    slip: ['--jso', '--json'],
    bare: [
      [[], 0, /0 bytes were freed/],
      [['@last'], 2, noSweeps],
    ],
  },
  init: {
    does: /writes an experiment file/,
    slip: ['--output', '--out'],
    bare: [
      [['empty'], 3, /'empty' is empty: .*known are a folder of pictures for each class, idx files/],
      [['missing'], 3, /'missing' does not exist/],
    ],
  },
  data: {
    does: /verifies every file by its checksum/,
    slip: ['--form', '--from'],
    bare: [[['mnist', '--from', 'missing'], 3, /--from missing: has no train-images-idx3-ubyte\.gz \(looked for /]],
  },
  validate: {
    does: /Shows an experiment with all its defaults/,
    slip: ['--params', '--param'],
    bare: [
      [[], 2, /missing required argument 'file'\n\(--help says more\)/],
      [['missing.yaml'], 2, /experiment file 'missing\.yaml' does not exist \(looked in /],
      [['empty'], 2, /experiment file 'empty' is a folder/],
    ],
  },
  inspect: {
    does: /Computes the first step of a training without applying it/,
    slip: ['--sample', '--samples'],
    bare: [
      [['missing.yaml'], 2, /experiment file 'missing\.yaml' does not exist/],
      [['no-data.yaml', '--backend', 'cpu'], 3, /data\.path: '.*missing' does not exist/],
    ],
  },
  train: {
    does: /Trains the experiment in FILE/,
    slip: ['--worker', '--workers'],
    bare: [
      [['missing.yaml'], 2, /experiment file 'missing\.yaml' does not exist/],
      [['no-data.yaml', '--backend', 'cpu', '--workers', '1'], 3, /data\.path: '.*missing' does not exist/],
      [
        [digits, '--coordinator', nowhere, '--patience', '1s'],
        5,
        /coordinator 127\.0\.0\.1:1: .*ECONNREFUSED.* \(for 1 s\); is the address right, and does a 'polyak coordinator' run there\?/,
      ],
      [
        [digits, '--coordinator', nowhere, '--patience', '1s'],
        5,
        /the run is kept; go on with\n {2}npx polyak resume /,
      ],
    ],
  },
  resume: { does: /Goes on with a run/, slip: ['--shard', '--shards'], bare: [[['@last'], 2, noRuns]] },
  stop: { does: /to end at checkpoints/, slip: ['--stat', '--state'], bare: [[['@last'], 2, noRuns]] },
  status: {
    does: /how far a run or a sweep is/,
    slip: ['--jsn', '--json'],
    bare: [
      [[], 0, /no run and no sweep is running here; 'npx polyak ls' lists all/],
      [['@last'], 2, noRuns],
    ],
  },
  ls: {
    does: /Lists the runs of the state folder/,
    slip: ['--jason', '--json'],
    bare: [[[], 0, /no runs in .*\.polyak; 'npx polyak train FILE' makes one/]],
  },
  show: { does: /where it comes from/, slip: ['--experiments', '--experiment'], bare: [[['@last'], 2, noRuns]] },
  compare: {
    does: /where the experiments of runs differ/,
    slip: ['--jsno', '--json'],
    bare: [
      [['digits-1'], 2, /compare digits-1: takes two runs or more/],
      [['digits-1', 'digits-2'], 2, /there is no run 'digits-1' \(looked for run\.json in .*; there are no runs in /],
    ],
  },
  logs: { does: /Shows the logs/, slip: ['--folow', '--follow'], bare: [[['@last'], 2, noRuns]] },
  evaluate: { does: /a row for each class/, slip: ['--weight', '--weights'], bare: [[['@last'], 2, noRuns]] },
  predict: {
    does: /which classes are likeliest/,
    slip: ['--tops', '--top'],
    bare: [
      [['@last'], 2, /missing required argument 'files'/],
      [['@last', 'rows.csv'], 2, noRuns],
    ],
  },
  export: {
    does: /Writes a run's model/,
    slip: ['--quantize', '--quantise'],
    needs: ['--format', 'onnx'],
    bare: [
      [['@last'], 2, /required option '--format <name>' not specified/],
      [['@last', '--format', 'onnx'], 2, noRuns],
    ],
  },
  coordinator: {
    does: /Runs the coordinator/,
    slip: ['--listens', '--listen'],
    bare: [
      [['--store', '/dev/null/c.db'], 2, /store '\/dev\/null\/c\.db': its folder cannot be made: /],
      [['--store', digits], 2, /store '.*digits\.yaml': the file is no SQLite database; name another one/],
      [['--listen', 'nowhere.invalid:0', '--store', 'c.db'], 2, /cannot listen on 'nowhere\.invalid:0'/],
    ],
  },
  server: {
    does: /one shard of the parameter server/,
    slip: ['--thread', '--threads'],
    needs: ['--coordinator', nowhere],
    bare: [
      [[], 2, /required option '--coordinator <host:port>' not specified/],
      [['--coordinator', 'nowhere'], 2, /--coordinator 'nowhere': must be host:port, such as/],
    ],
  },
  worker: {
    does: /reads data and computes gradients/,
    slip: ['--transports', '--transport'],
    needs: ['--coordinator', nowhere],
    bare: [
      [['--coordinator', nowhere], 2, /TensorFlow's library is not in .*: run 'npx polyak setup' \(or use --backend/],
    ],
    environment: { POLYAK_CACHE: 'empty' },
  },
  setup: {
    does: /Brings TensorFlow's library into the cache/,
    slip: ['--quite', '--quiet'],
    bare: [[['--check'], 2, /setup: missing: python3.*install with: sudo apt-get install -y/]],
    environment: { POLYAK_CACHE: 'empty', PATH: 'empty' },
  },
  config: {
    does: /every setting with its value/,
    slip: ['--worker', '--workers'],
    bare: [[[], 0, /patience +1m +default +--patience, POLYAK_PATIENCE/]],
  },
  completion: {
    does: /complete commands, flags and the ids of runs/,
    slip: ['--jso', '--json'],
    bare: [[['tcsh'], 2, /'tcsh' is invalid.*Allowed choices are bash, zsh, fish/]],
  },
};

const noData = `name: no-data
data: { source: idx, path: missing }
model: [flatten, { dense: { units: 10 } }]
loss: softmaxCrossEntropy
optimizer: { sgd: { learningRate: 0.1 } }
train: { epochs: 1, batchSize: 8, microBatchSize: 8 }
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-new-user-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function polyak(args: string[], environment: Record<string, string> = {}) {
  rmSync(folder, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), 'polyak-new-user-'));
  writeFileSync(join(folder, 'no-data.yaml'), noData);
  spawnSync('mkdir', ['empty'], { cwd: folder });
  const { POLYAK_STATE: _, ...env } = { ...process.env, ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
  return { status, stdout, said: stdout + stderr };
}

it('the table has every command', () => {
  expect(Object.keys(commands).toSorted()).toEqual(
    buildProgram()
      .commands.map((command) => command.name())
      .toSorted(),
  );
});

describe.each(Object.entries(commands))(
  'polyak %s',
  (name, { does, slip: [wrong, meant], needs = [], bare, environment }) => {
    it('says with --help what it does, with an example, and exits 0', () => {
      const { status, stdout } = polyak([name, '--help']);
      expect(stdout.replaceAll(/\n(?!\n)/g, ' ')).toMatch(does);
      expect(stdout).toMatch(/\nExamples:\n {2}.*polyak /);
      expect(status).toBe(0);
    });

    it(`answers ${wrong} with ${meant}, and exits 2`, () => {
      const { status, said } = polyak([name, ...needs, wrong]);
      expect(said).toContain(`unknown option '${wrong}'\n(Did you mean ${meant}?)\n(--help says more)`);
      expect(status).toBe(2);
    });

    it.each(bare)('with %j exits %i and says the way out', (args, exitCode, says) => {
      const { status, said } = polyak([name, ...args], environment);
      expect(said).toMatch(says);
      expect(said).not.toMatch(/\n {4}at /);
      expect(status).toBe(exitCode);
    });
  },
);
