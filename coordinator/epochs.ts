/** Which process has which shard number. Each taking raises an epoch that fences whoever had the number before. */
import { eventChange } from './store/event-change.js';
import type { Change, EpochRow } from './store/rows.js';

/** Of a cluster. Each has a row of its own for ever, and whoever can reach the port may ask for one. */
export const shardsMax = 1024;

export class Epochs {
  private readonly rows = new Map<string, EpochRow>();

  constructor(rows: readonly EpochRow[]) {
    for (const row of rows) this.rows.set(row.name, row);
  }

  ofShard(shard: number): number {
    return this.rows.get(`shard ${shard}`)?.epoch ?? 0;
  }

  /**
   * Gives a shard number to a process. The epoch is raised for a new process; the same one keeps its epoch; undefined
   * means that another has taken the number since `known`, the epoch that this process was given.
   */
  take(shard: number, process: string, known: number): { epoch: number; changes: Change[] } | undefined {
    const name = `shard ${shard}`;
    const row = this.rows.get(name);
    if (row?.process === process) return { epoch: row.epoch, changes: [] };
    if (row && known > 0 && known < row.epoch) return undefined;
    // One counter for all numbers: whichever shard leads a trial next, its epoch is above all earlier leads'.
    const shards = [...this.rows.values()].filter((other) => other.name !== 'coordinator');
    const epoch = Math.max(0, known, ...shards.map((other) => other.epoch)) + 1;
    const taken: EpochRow = { name, epoch, process };
    this.rows.set(name, taken);
    return { epoch, changes: [{ table: 'epochs', row: taken }, eventChange('shard-taken', name, { epoch, process })] };
  }
}
