/** `polyak sweep` that is interrupted, once or twice, or fails, as a user sees it: what it says, its exit code, and what is left. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../../cli/run-facts.js';
import { SweepFolder, type SweepRecord } from '../../cli/sweep/sweep-folder.js';
import { openStoreReader } from '../../coordinator/store/open-store.js';
import { tableLine, type TableLine } from './sweep-cluster.js';
import { SweepCommand } from './sweep-command.js';
import { tinySweep } from './tiny-sweep.js';

const train = { batchSize: 80, microBatchSize: 40, epochs: 20 };

describe('polyak sweep', () => {
  let state: string;
  let file: string;
  let undisturbed: TableLine[];

  const polyak = (...args: string[]) => new SweepCommand([...args, '--state', join(state, 'runs')]);
  const sweep = (...args: string[]) => polyak('sweep', file, '--backend', 'cpu', '--workers', '2', ...args);
  const newest = () => SweepFolder.open(join(state, 'runs'), '@last');
  const tableOf = async ({ facts }: SweepFolder) => {
    const store = await openStoreReader(facts.store);
    const { rows } = await store.trials({ sweep: facts.sweepKey });
    await store.close();
    return rows.map(tableLine);
  };
  const afterReports = async (command: SweepCommand, count: number) => {
    let reports = 0;
    await command.line(({ event }) => event === 'report' && (reports += 1) >= count);
  };
  const rolesOf = ({ path }: SweepFolder) =>
    (JSON.parse(readFileSync(join(path, 'sweep.json'), 'utf8')) as SweepRecord).roles;

  beforeAll(async () => {
    state = mkdtempSync(join(tmpdir(), 'polyak-interrupted-'));
    ({ file } = await tinySweep(state, { trials: 6 }, { train }));
    expect((await sweep().ended).code).toBe(0);
    undisturbed = await tableOf(newest());
  });
  afterAll(() => rmSync(state, { recursive: true }));

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`that gets ${signal} twice ends at once with ${code}, leaves no process, and goes on to the same table`, async () => {
      const command = sweep();
      await afterReports(command, 30);
      const folder = newest();
      const roles = rolesOf(folder);
      expect(roles).toHaveLength(4);
      command.signal(signal);
      await command.says('stopping at checkpoints; once more to end at once');
      command.signal(signal);
      const { code: found, said } = await command.ended;
      expect(found).toBe(code);
      expect(said).toMatch(/go on with\n {2}npx polyak resume /);
      expect(said).not.toMatch(/\n\s+at /);
      expect(roles.filter(({ pid }) => isAlive(pid))).toEqual([]);
      expect(newest().facts).toMatchObject({ pid: null, roles: [] });
      expect((await polyak('resume', folder.path).ended).code).toBe(0);
      expect(await tableOf(folder)).toEqual(undisturbed);
    });
  }

  it('whose processes are all killed with it goes on to the same table', async () => {
    const command = sweep();
    await afterReports(command, 30);
    const folder = newest();
    command.signal('SIGKILL');
    await command.ended;
    // They drain when their parent is gone.
    for (const { pid } of rolesOf(folder)) await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false);
    expect((await polyak('resume', folder.path).ended).code).toBe(0);
    expect(await tableOf(folder)).toEqual(undisturbed);
  });

  it('of which no trial has a result exits with 4, and says what became of them', async () => {
    const space = { learningRate: { choice: [1e6] }, momentum: { uniform: [0, 0.5] } };
    const hopeless = await tinySweep(state, { trials: 2, space }, { train, regularise: { l2: 1e4 } });
    const { code, said } = await polyak('sweep', hopeless.file, '--backend', 'cpu', '--workers', '1').ended;
    expect(code).toBe(4);
    expect(said).toContain('no trial has a validation.loss (0 failed, 2 stopped); see why: npx polyak trials');
  });

  it('whose trials all fail exits with 4, and says why and how to go on', async () => {
    const { file: wrong } = await tinySweep(state, { trials: 20 }, { model: [{ dense: { units: 2 } }] });
    const { code, said } = await polyak('sweep', wrong, '--backend', 'cpu', '--workers', '1').ended;
    expect(code).toBe(4);
    expect(said).toMatch(/5 trials in a row have failed by the same error: .+ go on with: npx polyak resume/);
    const again = await polyak('resume', newest().path).ended;
    expect(again.code).toBe(4);
  });

  it.each([
    ['sweep', () => ['sweep', file, '--coordinator', '127.0.0.1:9', '--patience', '1s']],
    ['resume', () => ['resume', '@last', '--patience', '1s']],
    ['pause', () => ['pause', '@last']],
    ['set', () => ['set', '@last', 'parallel=1']],
  ])('%s whose coordinator is out of reach exits with 5, and says which address it tried', async (_, args) => {
    const { code, said } = await polyak(...args()).ended;
    expect(code).toBe(5);
    expect(said).toContain('coordinator 127.0.0.1:9');
    if (args().includes('--patience')) expect(said).toContain('for 1 s');
  });

  it.each(['pause', 'stop'])('%s of a sweep that does not run says so, and how it goes on', async (command) => {
    const { path } = SweepFolder.open(join(state, 'runs'), 'tiny-search-1');
    const { code, said } = await polyak(command, path).ended;
    expect([2, 5]).toContain(code);
    expect(said).toMatch(/not running here|polyak resume tiny-search-1/);
  });
});
