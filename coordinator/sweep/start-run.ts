/** The next run of a sweep for whoever has nothing to do, whichever way the schedule gives out trials. */
import { PolyakError } from '../../common/errors.js';
import type { Change, RunRow } from '../store/rows.js';
import type { StartedRun, Sweep } from './sweep.js';

/** Trials in a row that may fail by what they have drawn, before others get their turn; the next ones are tried a second later. */
const triedMax = 100;

/**
 * `suits` says whether who has nothing to do may go on with a run that has begun. Where nothing can be drawn, the sweep ends.
 * `changes` are to be committed, also where there is no run.
 */
export function startRun(sweep: Sweep, suits: (run: RunRow) => boolean = () => true): StartedRun {
  const changes: Change[] = [];
  try {
    for (let tried = 0; tried < triedMax; tried += 1) {
      if (!sweep.canStartFor(suits) && sweep.mayAsk) changes.push(...sweep.request());
      changes.push(...sweep.beginUntrained());
      if (!sweep.canStartFor(suits)) break;
      const started = sweep.startNext(suits);
      changes.push(...started.changes);
      if (started.run) return { ...started, changes };
    }
  } catch (error) {
    if (!(error instanceof PolyakError)) throw error;
    changes.push(...sweep.halt('failed', error.message));
  }
  return { run: undefined, changes, waitedSeconds: 0 };
}
