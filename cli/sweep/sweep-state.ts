/** How a sweep stands, in words: its own state, unless the processes that would carry it on are gone. */
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import type { SweepFolder } from './sweep-folder.js';

/**
 * As the coordinator has it; `interrupted` where that says it runs and nobody does.
 */
export function stateOfSweep(
  folder: SweepFolder,
  { state }: Pick<SweepSnapshot, 'state'>,
): SweepSnapshot['state'] | 'interrupted' {
  const isHere = folder.facts.coordinator === null;
  const mayMove = state === 'running' || state === 'paused';
  return isHere && mayMove && !folder.isFollowed && folder.coordinator === undefined ? 'interrupted' : state;
}

export function overOf({ counts }: Pick<SweepSnapshot, 'counts'>): number {
  return counts.finished + counts.stopped + counts.failed;
}

/** `12 of 40 over: 3 running, 25 waiting, 10 finished, 2 stopped`. */
export function countsText(snapshot: Pick<SweepSnapshot, 'counts' | 'trials'>): string {
  const { counts, trials } = snapshot;
  const states = Object.entries(counts).filter(([, number]) => number > 0);
  const all = trials ?? Object.values(counts).reduce((sum, number) => sum + number, 0);
  return `${overOf(snapshot)} of ${all} over: ${states.map(([state, number]) => `${number} ${state}`).join(', ')}`;
}
