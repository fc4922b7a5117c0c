/** `polyak stop`: a run or a sweep that another terminal shows ends at checkpoints, as by Ctrl-C there. */
import { PolyakError } from '../common/errors.js';
import { displayPath } from './foreground.js';
import { stopRun } from './live-run.js';
import { printJson, printText } from './output.js';
import { historyOf } from './run-facts.js';
import { openRun } from './open-run.js';
import { sweepMeant } from './sweep/newest-sweep.js';

export async function stopCommand(run: string, { state, json }: { state: string; json: boolean }): Promise<void> {
  const sweep = sweepMeant(state, run);
  if (sweep !== undefined) {
    const { stopSweep } = await import('./sweep/stop-sweep.js');
    return await stopSweep(sweep, json);
  }
  const folder = await openRun(state, run);
  if (folder.facts.trial) {
    const { name, trial } = folder.facts;
    throw new PolyakError(
      'usage',
      `${name} is a trial: its sweep decides on it; 'polyak stop ${trial.sweep}' stops that`,
    );
  }
  const { name } = folder.facts;
  const { results } = historyOf(folder);
  if (results.state !== 'running') {
    throw new PolyakError('usage', `${name} is ${results.state}, only a run that is running can be stopped`);
  }
  const event = await stopRun(folder);
  if (json) printJson({ ...event, run: name });
  else if (event.event === 'stopped') {
    printText(
      `${name}: stopped at step ${String(event['step'])}; go on with\n  npx polyak resume ${displayPath(folder.path)}`,
    );
  } else printText(`${name}: ${event.event}`);
}
