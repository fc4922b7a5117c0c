/** The best value that a sweep has seen, of any trial and epoch; of equal ones the first by number. */
import type { Direction, Value } from '../search/log.js';
import { isBetter } from '../search/ranking.js';
import type { TrialRow } from '../store/rows.js';

export interface Best {
  trial: number;
  value: number;
  epoch: number;
  columns: TrialRow['columns'];
}

export class BestSoFar {
  private found: Best | undefined;

  constructor(private readonly direction: Direction) {}

  get best(): Best | null {
    return this.found ?? null;
  }

  /** The trial's newest value; its row is told when that is its own best. */
  see(row: TrialRow): void {
    if (row.value === null) return;
    if (this.beats(row.value, row.best)) Object.assign(row, { best: row.value, bestEpoch: row.epoch });
    this.take({ trial: row.number, value: row.value, epoch: row.epoch, columns: row.columns });
  }

  /** As the row has it, of before the start. */
  restore({ number, best, bestEpoch, columns }: TrialRow): void {
    if (best !== null) this.take({ trial: number, value: best, epoch: bestEpoch, columns });
  }

  private take(candidate: Best): void {
    const { found } = this;
    const isFirst = found !== undefined && candidate.value === found.value && candidate.trial < found.trial;
    if (isFirst || this.beats(candidate.value, found?.value ?? null)) this.found = candidate;
  }

  private beats(value: number, other: Value): boolean {
    return other === null || isBetter(value, other, this.direction);
  }
}
