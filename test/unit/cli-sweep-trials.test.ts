/** A sweep and its trials as every command takes them: one small real sweep, of which some trials fail, through all commands. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRun } from '../../cli/load-run.js';
import { packageRoot } from '../../common/package-root.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const name = 'tiny-search-1';
let folder: string;
let rows: { number: number; status: string; value: number | null }[];

function polyak(...args: string[]) {
  return spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd: folder });
}

function json<Value>(...args: string[]): Value[] {
  const { stdout, stderr, status } = polyak(...args, '--json');
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Value);
}

const of = (status: string) => rows.filter((row) => row.status === status).map(({ number }) => number);

/** Shape 3 does not fit samples of two values, which only a worker finds out. */
const experiment = `
name: tiny
seed: 1
data: { source: csv, path: points.csv, label: label, validation: 24 }
model:
  - reshape: { targetShape: [$shape] }
  - dense: { units: 2 }
loss: softmaxCrossEntropy
optimizer: { sgd: { learningRate: $rate } }
train: { epochs: 2, batchSize: 24, microBatchSize: 12 }
search:
  trials: 6
  keep: 1
  sameFailures: 100
  space:
    rate: { logUniform: [1.0e-3, 1.0e-1] }
    shape: { choice: [2, 2, 3] }
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-sweep-'));
  const points = Array.from({ length: 120 }, (_, index) => {
    const side = index % 2;
    return `${(Math.cos(index) + 2 * side).toFixed(4)},${(Math.sin(index) - 2 * side).toFixed(4)},${side ? 'right' : 'left'}`;
  });
  writeFileSync(join(folder, 'points.csv'), ['x,y,label', ...points].join('\n'));
  writeFileSync(join(folder, 'tiny.yaml'), experiment);
  const { status, stderr } = polyak('sweep', 'tiny.yaml', '--backend', 'cpu', '--workers', '2');
  if (status !== 0) throw new Error(stderr);
  rows = json('trials', name);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

describe('a trial', () => {
  it('is shown with its parameters, its curve and whether its checkpoint is kept', () => {
    const best = polyak('show', `${name}@best`).stdout;
    expect(best).toContain('checkpoint       kept');
    expect(best).toMatch(/rate +0\.\d+/);
    expect(best).toMatch(/epoch +step +loss/);
    const [failed = -1] = of('failed');
    expect(polyak('show', `${name}/${failed}`).stdout).toMatch(new RegExp(`${name}/${failed}: failed[^]*because`));
    expect(polyak('show', join('.polyak', name, 'trials', String(failed))).stdout).toContain(
      `${name}/${failed}: failed`,
    );
  });

  it('is evaluated, compared, exported, branched from and loaded by the library as a run is', async () => {
    const [evaluated] = json<{ loss: number }>('evaluate', `${name}@best`, '--split', 'validation');
    const best = Math.min(...rows.flatMap(({ value }) => value ?? []));
    expect(evaluated?.loss).toBeCloseTo(best, 5);
    const [first, second] = of('finished');
    expect(polyak('compare', `${name}/${first}`, `${name}/${second}`).stdout).toContain('optimizer.sgd.learningRate');
    expect(polyak('export', `${name}@best`, '--format', 'safetensors', '--out', 'out').status).toBe(0);
    const run = await loadRun(`${name}@best`, { state: join(folder, '.polyak') });
    expect(run.step).toBe(8);
    await run.dispose();
  });

  it('whose weights were not kept says so with a command that trains it to the same weights', () => {
    const lost = rows.find(({ status, value }) => status === 'finished' && value !== bestValue());
    const number = Number(lost?.['number']);
    const { stderr, status } = polyak('evaluate', `${name}/${number}`);
    expect(status).toBe(2);
    expect(stderr).toContain('search.keep is 1');
    const [, command = ''] = /npx polyak (train .*)$/m.exec(stderr) ?? [];
    const again = json<{ event: string; weightsSha256?: string }>(...command.split(' '), '--workers', '1').at(-1);
    expect(again).toMatchObject({ event: 'finished' });
    expect(polyak('show', `${name}/${number}`).stdout).toContain(`sha256 ${again?.weightsSha256}`);
  });

  it('that has not begun, and a sweep where a run is meant, are refused with the way out', () => {
    expect(polyak('show', `${name}/99`).stderr).toContain('6 have begun');
    expect(polyak('evaluate', name).stderr).toContain(`${name}@best`);
    expect(polyak('resume', `${name}/0`).stderr).toContain(`polyak resume ${name}`);
    expect(polyak('stop', `${name}/0`).stderr).toContain(`polyak stop ${name}`);
  });
});

function bestValue(): number {
  return Math.min(...rows.flatMap(({ value, status }) => (status === 'finished' && value !== null ? [value] : [])));
}

describe('a sweep', () => {
  it('is shown, listed and told of beside runs', () => {
    const shown = polyak('show', name).stdout;
    for (const part of ['logUniform', '6 of 6 over', 's useful', 'reproducible', 'minimise validation.loss']) {
      expect(shown).toContain(part);
    }
    expect(json('ls')).toContainEqual(
      expect.objectContaining({ kind: 'sweep', sweep: name, state: 'finished', trials: 6 }),
    );
    expect(polyak('status', name).stdout).toContain('6/6 trials');
    expect(polyak('status').stdout).toContain('no sweep is running');
    expect(polyak('stop', name).stderr).toContain('not running');
    expect(polyak('pause', name).stderr).toContain('no coordinator that runs now');
    expect(polyak('resume', name).stderr).toContain('--trials');
  });

  it('is archived and restored whole, and nothing is overwritten', () => {
    expect(polyak('archive', name, '-o', 'sweep.tar.gz').status).toBe(0);
    expect(polyak('restore', 'sweep.tar.gz').stderr).toContain('not overwritten');
    expect(polyak('restore', 'sweep.tar.gz', '--state', 'old').status).toBe(0);
    expect(json('trials', name, '--state', 'old')).toEqual(rows);
    const at = (state: string) => polyak('evaluate', `${name}@best`, '--split', 'validation', '--state', state).stdout;
    expect(at('old')).toBe(at('.polyak'));
  }, 40_000);

  it.each([
    ['a file that was changed', (place: string) => writeFileSync(join(place, 'sweep.json'), '{}'), 'its manifest says'],
    [
      'a link',
      (place: string) => execFileSync('ln', ['-sf', '/etc/passwd', join(place, 'sweep.json')]),
      'is a symlink',
    ],
    [
      'a path that leads out',
      (place: string) =>
        writeFileSync(
          join(place, 'manifest.json'),
          readFileSync(join(place, 'manifest.json'), 'utf8').replace('"sweep.json"', '"../sweep.json"'),
        ),
      'no relative path',
    ],
    ['a file less', (place: string) => rmSync(join(place, 'template.json')), 'template.json'],
  ])('is not restored from an archive with %s', (_, change, message) => {
    const place = join(folder, 'changed');
    mkdirSync(place, { recursive: true });
    execFileSync('tar', ['-xzf', join(folder, 'sweep.tar.gz'), '-C', place]);
    change(place);
    // Plain files alone, the manifest first, as archive writes them.
    const files = execFileSync('find', ['.', '!', '-type', 'd', '-printf', '%P\\n'], { cwd: place, encoding: 'utf8' });
    const names = files
      .trim()
      .split('\n')
      .filter((each) => each !== 'manifest.json');
    execFileSync('tar', ['-czf', join(folder, 'changed.tar.gz'), '-C', place, 'manifest.json', ...names]);
    const { status, stderr } = polyak('restore', 'changed.tar.gz', '--state', 'bad');
    expect(stderr).toContain(message);
    expect(status).toBe(3);
    expect(existsSync(join(folder, 'bad', name))).toBe(false);
    rmSync(place, { recursive: true });
  });

  it('gives up checkpoints that are not among the best, and folders that its store does not know', () => {
    const trials = join(folder, '.polyak', name, 'trials');
    const kept = of('finished').find((number) => existsSync(join(trials, String(number), 'checkpoints')));
    const other = of('finished').find((number) => number !== kept);
    cpSync(join(trials, String(kept)), join(trials, String(other)), { recursive: true });
    cpSync(join(trials, String(kept)), join(trials, '77'), { recursive: true });
    expect(polyak('gc', name, '--dry-run').stdout).toMatch(/77 .*\n[1-9]\d* bytes would be freed/);
    expect(existsSync(join(trials, '77'))).toBe(true);
    expect(polyak('gc').stdout).toMatch(/[1-9]\d* bytes were freed/);
    expect(
      [77, Number(other), Number(kept)].map((each) => existsSync(join(trials, String(each), 'checkpoints'))),
    ).toEqual([...[false, false, true]]);
  });

  it('tries a failed trial again, and takes more trials', () => {
    const [failed = -1] = of('failed');
    const [finished = -1] = of('finished');
    expect(polyak('retry', `${name}/${finished}`).stderr).toContain('only a trial that has failed');
    const retried = polyak('retry', `${name}/${failed}`, '--json');
    expect(retried.stdout).toContain(`{"event":"retry","sequence":`);
    expect(
      retried.stdout
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('{"event":"failed"') && line.includes(`"trial":${failed},`)),
    ).toHaveLength(2);
    expect(polyak('resume', name, '--trials', '3').stderr).toContain('has finished');
    expect(polyak('resume', name, '--trials', '8').status).toBe(0);
    expect(json('trials', name)).toHaveLength(8);
  }, 90_000);
});

describe('a sweep that runs', () => {
  it('rests, is told of, is stopped by another terminal, and is resumed to its end', async () => {
    const flags = [
      '--backend',
      'cpu',
      '--workers',
      '1',
      '--set',
      'search.space.shape=2',
      '--set',
      'train.epochs=40',
      '--json',
    ];
    const child = spawn(process.execPath, [bin, 'sweep', 'tiny.yaml', ...flags], { cwd: folder });
    const closed = once(child, 'close');
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('{"event":"report"')) break;
    }
    child.stdout.resume();
    // While it rests nothing hurries.
    expect(polyak('pause', 'tiny-search-2').stdout).toContain('paused');
    expect(polyak('status', 'tiny-search-2').stdout).toMatch(/paused[^]*coordinator-0/);
    expect(polyak('set', 'tiny-search-2', 'trials=2').stderr).toContain('can only become more');
    expect(polyak('stop', 'tiny-search-2').stdout).toContain('polyak resume');
    await closed;
    const resumed = polyak('resume', 'tiny-search-2', '--workers', '2');
    expect(resumed.stderr).toBe('');
    expect(resumed.stdout).toContain('6 finished');
  }, 120_000);
});
