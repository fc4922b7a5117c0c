/** Settings: a flag, a variable, the file, the default, in this order; `polyak config` shows what commands use. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { durationSeconds } from '../../cli/duration.js';
import { packageRoot } from '../../common/package-root.js';

const bin = join(packageRoot(), 'bin/polyak.js');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function polyak(args: string[], variables: Record<string, string> = {}) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('POLYAK_'));
  const env = { ...Object.fromEntries(own), ...variables };
  return spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd: folder, env });
}

function config(args: string[], variables: Record<string, string> = {}) {
  const { stdout } = polyak(['config', '--json', ...args], variables);
  return JSON.parse(stdout) as Record<string, { value: unknown; origin: string }>;
}

function writeConfig(text: string, name = 'polyak.config.yaml'): void {
  writeFileSync(join(folder, name), text);
}

describe('the value of a setting', () => {
  it('is the default where nothing else is said', () => {
    expect(config([])).toMatchObject({
      state: { value: '.polyak', origin: 'default' },
      workers: { value: null, origin: 'default' },
    });
  });

  it('is that of the flag before the variable, the variable before the file, and the file before the default', () => {
    writeConfig('workers: 2\nshards: 2\nbudget: 30m\n');
    const variables = { POLYAK_WORKERS: '3', POLYAK_SHARDS: '3' };
    expect(config(['--workers', '4'], variables)).toMatchObject({
      workers: { value: 4, origin: 'flag --workers' },
      shards: { value: 3, origin: 'POLYAK_SHARDS' },
      budget: { value: 1800, origin: 'polyak.config.yaml' },
      coordinator: { value: null, origin: 'default' },
    });
  });

  it('that has no flag comes from the variable or the file', () => {
    writeConfig('{ "cache": "/tmp/one", "log": "debug" }', 'polyak.config.json');
    expect(config([], { POLYAK_LOG: 'warn' })).toMatchObject({
      cache: { value: '/tmp/one', origin: 'polyak.config.json' },
      log: { value: 'warn', origin: 'POLYAK_LOG' },
    });
  });

  it('is what the other commands use', () => {
    mkdirSync(join(folder, 'there'));
    writeFileSync(join(folder, 'there/run.json'), '{}');
    const asked = (variables = {}) => polyak(['show', 'none'], variables).stderr;
    expect(asked()).toContain(`no runs in ${join(folder, '.polyak')}`);
    writeConfig('state: ours');
    expect(asked()).toContain(`no runs in ${join(folder, 'ours')}`);
    expect(asked({ POLYAK_STATE: 'theirs' })).toContain(`no runs in ${join(folder, 'theirs')}`);
  });

  it('of the coordinator serves workers and servers too', () => {
    writeConfig('coordinator: nowhere');
    expect(polyak(['worker']).stderr).toMatch(/--coordinator 'nowhere': must be host:port/);
    expect(polyak(['server'], { POLYAK_COORDINATOR: 'here' }).stderr).toMatch(
      /--coordinator 'here': must be host:port/,
    );
  });
});

describe('a mistake in the file exits 2 and names file and key', () => {
  const cases: [string, RegExp][] = [
    ['worker: 2', /polyak\.config\.yaml: unknown key 'worker'; did you mean 'workers'\?/],
    ['colour: red', /unknown key 'colour'; there are state, workers, /],
    ['workers: none', /polyak\.config\.yaml: workers: "none": It must be a whole number from 1/],
    ['backend: gpu', /backend: "gpu": It must be one of tensorflow, cpu/],
    ['[1, 2]', /polyak\.config\.yaml: must be a map of settings/],
    ['workers: [', /polyak\.config\.yaml: /],
  ];
  for (const [text, message] of cases) {
    it(`such as ${text}`, () => {
      writeConfig(text);
      const { status, stderr } = polyak(['config']);
      expect(stderr).toMatch(message);
      expect(status).toBe(2);
    });
  }

  it('and so do two files', () => {
    writeConfig('workers: 2');
    writeConfig('{}', 'polyak.config.json');
    const { status, stderr } = polyak(['ls']);
    expect(stderr).toMatch(/polyak\.config\.yaml and polyak\.config\.json are both in .*: keep one/);
    expect(status).toBe(2);
  });
});

describe('a time', () => {
  it('is read as people type it', () => {
    expect(['90s', '30m', '2h', '1h30m', '1d'].map(durationSeconds)).toEqual([90, 1800, 7200, 5400, 86_400]);
  });

  it('is refused without a unit, empty, of nothing, or longer than a timer reaches', () => {
    for (const text of ['90', '', '0s', '2 h', '-1h', '1s2m']) expect(() => durationSeconds(text)).toThrow(/90s, 30m/);
    expect(() => durationSeconds('25d')).toThrow(/The most is 24d/);
  });
});
