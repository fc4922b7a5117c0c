/** The sweeps that are not finished, or that somebody has asked for, and the clock of each. */
import { resolve } from 'node:path';
import { isBucket } from '../../common/checkpoint-location.js';
import { PolyakError } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import type { Ledger } from '../ledger.js';
import type { Runs } from '../runs.js';
import type { RunRow, SweepRow } from '../store/rows.js';
import type { Store } from '../store/store.js';
import { openSweep } from './open-sweep.js';
import type { Sweep } from './sweep.js';

const secondsBetweenWrites = 5;
/** For so long a sweep that has finished is kept for whoever asks next; then it is read from the store again. */
const keptSecondsMax = 60;

/** Settings may have been changed since, and processes may be others. */
function requireSame(sweep: Sweep, { name, experiment }: SweepRow): Sweep {
  const given = { name, experiment };
  const different = Object.entries(given).find(([member, value]) => sweep.row[member as keyof typeof given] !== value);
  if (!different) return sweep;
  const [member] = different;
  throw new PolyakError(
    'usage',
    `sweep ${sweep.key} was submitted with another ${member}; give this one a key of its own`,
  );
}

function samePlace(left: string, right: string): boolean {
  return isBucket(left) || isBucket(right) ? left === right : resolve(left) === resolve(right);
}

export class Sweeps {
  private readonly byKey = new Map<string, Sweep>();
  /** Submitted, and not yet known to be right. */
  private readonly opening = new Map<string, Promise<Sweep>>();
  private readonly beginning = new Map<string, SweepRow>();
  /** By key: for how long nobody has asked for a finished one. */
  private readonly unasked = new Map<string, number>();
  private ticks = 0;

  constructor(
    private readonly store: Store,
    private readonly runs: Runs,
    private readonly ledger: Ledger,
    private readonly log: Logger,
    private readonly isFollowed: (key: string) => boolean,
  ) {}

  /** As the store has them. One that cannot be opened fails, the others go on. */
  async restore(rows: readonly SweepRow[]): Promise<void> {
    for (const row of rows) {
      if (row.state === 'finished') continue;
      try {
        this.byKey.set(row.key, await openSweep(row, this.runs, this.store));
      } catch (error) {
        const reason = error instanceof PolyakError ? error.message : `it cannot be read: ${String(error)}`;
        this.log.error({ sweep: row.key, error: reason }, 'a sweep cannot go on');
        const endedAt = new Date().toISOString();
        this.ledger.commitSoon([{ table: 'sweeps', row: { ...row, state: 'failed', reason, endedAt } }]);
      }
    }
  }

  /**
   * The same key again is the same sweep, as it was first submitted. Errors: `usage` also where it would be another one, and for
   * a folder that another sweep has: trials of the same number would take each other's checkpoints for their own.
   */
  async submit(row: SweepRow): Promise<Sweep> {
    const opening = this.opening.get(row.key);
    if (opening) return requireSame(await opening, row);
    const stored = await this.store.sweeps();
    // Others may have come meanwhile.
    const known = this.opening.get(row.key) ?? this.byKey.get(row.key);
    if (known) return requireSame(await known, row);
    if (stored.some(({ key }) => key === row.key)) return requireSame(await this.get(row.key), row);
    const other = [...stored, ...this.beginning.values()].find(
      ({ directory }) => row.directory !== '' && samePlace(directory, row.directory),
    );
    if (other)
      throw new PolyakError('usage', `submit: directory ${row.directory} is that of sweep ${other.name}; give another`);
    this.beginning.set(row.key, row);
    const begun = this.begin(row).finally(() => {
      this.opening.delete(row.key);
      this.beginning.delete(row.key);
    });
    this.opening.set(row.key, begun);
    return await begun;
  }

  private async begin(row: SweepRow): Promise<Sweep> {
    const sweep = await openSweep(row, this.runs, this.store);
    const changes = sweep.begin();
    this.byKey.set(row.key, sweep);
    await this.ledger.commit(changes);
    this.log.info({ sweep: row.key, name: row.name }, 'sweep submitted');
    return sweep;
  }

  find(key: string): Sweep | undefined {
    return this.byKey.get(key);
  }

  /** Also one that has finished. Errors: `usage`. */
  async get(key: string): Promise<Sweep> {
    this.unasked.delete(key);
    const open = this.byKey.get(key);
    if (open) return open;
    const row = (await this.store.sweeps()).find((other) => other.key === key);
    if (!row) throw new PolyakError('usage', `there is no sweep ${key} here`);
    const sweep = await openSweep(row, this.runs, this.store);
    return this.byKey.get(key) ?? (this.byKey.set(key, sweep), sweep);
  }

  ofRun({ sweep }: RunRow): Sweep | undefined {
    return sweep === null ? undefined : this.byKey.get(sweep);
  }

  /** Whose trials are to begin first, first. */
  inOrder(): Sweep[] {
    const running = [...this.byKey.values()].filter(({ state }) => state === 'running');
    return running.toSorted(
      (left, right) => right.settings.priority - left.settings.priority || left.counts.running - right.counts.running,
    );
  }

  all(): Iterable<Sweep> {
    return this.byKey.values();
  }

  /** Once a second: `seconds` have passed. `computeSecondsOf` are those since the last tick. */
  tick(seconds: number, computeSecondsOf: (sweep: string) => number): void {
    this.ticks += 1;
    const write = this.ticks % secondsBetweenWrites === 0;
    for (const sweep of this.byKey.values()) {
      const computeSeconds = computeSecondsOf(sweep.key);
      if (sweep.state === 'running') {
        // Its own: it has begun, or gone on, between two ticks.
        this.ledger.commitSoon(sweep.tick(sweep.spending.uncounted, computeSeconds, write));
        continue;
      }
      if (computeSeconds > 0) this.ledger.commitSoon(sweep.worked(computeSeconds));
      if (sweep.state === 'finished') this.forgetUnasked(sweep, seconds);
    }
  }

  /** All that a search remembers of its trials is much, and nothing happens to it any more. */
  private forgetUnasked({ key }: Sweep, seconds: number): void {
    if (this.isFollowed(key)) return void this.unasked.delete(key);
    const since = (this.unasked.get(key) ?? 0) + seconds;
    this.unasked.set(key, since);
    if (since < keptSecondsMax) return;
    this.unasked.delete(key);
    this.byKey.delete(key);
  }
}
