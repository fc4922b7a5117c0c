/** A run or a trial of a sweep, as a person names it, opened as a run's folder. */
import { PolyakError } from '../common/errors.js';
import { listCheckpoints } from '../server/checkpoint/checkpoint.js';
import { displayPath } from './foreground.js';
import { shellQuoted } from './provenance.js';
import { RunFolder } from './run-folder.js';
import { lookUpSweep } from './sweep/find-sweep.js';
import { lookUpTrial } from './sweep/trial-reference.js';

/** A trial's folder is brought up to date first. Errors: `usage`. */
export async function openRun(state: string, run: string): Promise<RunFolder> {
  const trial = lookUpTrial(state, run);
  if (trial) {
    const { writeTrialFolder } = await import('./sweep/trial-folder.js');
    return RunFolder.open(state, await writeTrialFolder(trial));
  }
  if (run !== '@last' && lookUpSweep(state, run) !== undefined) {
    throw new PolyakError(
      'usage',
      `${run} is a sweep, and this takes a run: name one of its trials, such as ${run}@best or ${run}/0`,
    );
  }
  return RunFolder.open(state, run);
}

/** As openRun, for who needs its weights. Errors: `usage` also for a trial without them, with the way to have them. */
export async function openTrained(state: string, run: string): Promise<RunFolder> {
  const folder = await openRun(state, run);
  const { trial, name } = folder.facts;
  if (!trial || (await listCheckpoints(folder.checkpoints)).length > 0) return folder;
  throw new PolyakError('usage', `${name} ${whyWithout(folder)}; ${trainAgain(folder)}`);
}

function whyWithout({ facts: { trial } }: RunFolder): string {
  if (!trial) return 'has no weights';
  const { members, status, keep } = trial;
  if (members > 1) return `is of ${members} runs, each trained on other samples, so it has no weights of its own`;
  if (status === 'running' || status === 'paused') return `is ${status} and has no checkpoint yet`;
  const rule = `a sweep keeps those of its best trials alone, and search.keep is ${keep}`;
  return `is ${status}, and its weights were not kept: ${rule}`;
}

/** The command that trains a trial's experiment as a run of its own, to the same weights. */
export function trainAgain({ path, facts }: RunFolder): string {
  const backend = facts.backend === 'cpu' ? ' --backend cpu' : '';
  return `train it again with: npx polyak train ${shellQuoted(`${displayPath(path)}/experiment.json`)}${backend}`;
}
