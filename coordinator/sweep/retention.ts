/** Which trials' weights are kept: of those that are over, the best. What is not wanted any more is given out once. */
import { placeInside } from '../../common/checkpoint-location.js';
import type { Direction } from '../search/log.js';
import { Ranking } from '../search/ranking.js';
import type { TrialRow } from '../store/rows.js';

export class Retention {
  private readonly kept: Ranking;
  private readonly unwanted: number[] = [];

  constructor(direction: Direction) {
    this.kept = new Ranking(direction);
  }

  /** The trial is over. A failed one, or one without a value, is not kept. */
  over({ number, value, status }: Pick<TrialRow, 'number' | 'value' | 'status'>, keep: number): void {
    if (value === null || status === 'failed') {
      this.unwanted.push(number);
      return;
    }
    this.kept.add({ trial: number, step: 0, value });
    while (this.kept.size > keep) this.unwanted.push(this.kept.removeLast().trial);
  }

  /** Trials whose checkpoints may be deleted, each once. */
  takeUnwanted(): number[] {
    return this.unwanted.splice(0);
  }
}

/** Where the checkpoints of a trial's run lie; a trial of several runs has a folder for each. */
export function checkpointsFolder(
  sweepFolder: string,
  { trial, member, members }: { trial: number; member: number; members: number },
): string {
  const run = members === 1 ? [] : [`member-${member}`];
  return placeInside(sweepFolder, 'trials', String(trial), ...run, 'checkpoints');
}
