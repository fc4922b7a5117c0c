/** The next run of a sweep for whoever has nothing to do, whichever way the schedule gives out trials. */
import { PolyakError } from '../../common/errors.js';
import type { Change, RunRow } from '../store/rows.js';
import type { StartedRun, Sweep } from './sweep.js';

/**
 * `suits` says whether who has nothing to do may go on with a run that has begun. What cannot be drawn ends the sweep. `changes` are to
 * be committed, also where there is no run.
 */
export function startRun(
  sweep: Sweep,
  suits: (run: RunRow) => boolean = () => true,
): Omit<StartedRun, 'run'> & { run: StartedRun['run'] | undefined } {
  const changes: Change[] = [];
  try {
    if (!sweep.canStartFor(suits) && sweep.mayAsk) changes.push(...sweep.request());
    const started = sweep.canStartFor(suits) ? sweep.startNext(suits) : undefined;
    if (started) changes.push(...started.changes);
    return { run: started?.run, changes, waitedSeconds: started?.waitedSeconds ?? 0 };
  } catch (error) {
    if (!(error instanceof PolyakError)) throw error;
    changes.push(...sweep.halt('failed', error.message));
    return { run: undefined, changes, waitedSeconds: 0 };
  }
}
