/** `polyak stop`: a run that another terminal shows ends at a checkpoint, as by Ctrl-C there. */
import { PolyakError } from '../common/errors.js';
import { displayPath } from './foreground.js';
import { stopRun } from './live-run.js';
import { printJson, printText } from './output.js';
import { historyOf } from './run-facts.js';
import { RunFolder } from './run-folder.js';

export async function stopCommand(run: string, { state, json }: { state: string; json: boolean }): Promise<void> {
  const folder = RunFolder.open(state, run);
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
