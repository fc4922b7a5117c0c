/**
 * `polyak resume`: a run goes on from its newest checkpoint, on as many workers and shards as one likes. What it computes
 * stays as it is stored.
 */
import { dirname, join } from 'node:path';
import { PolyakError } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';
import { displayPath, runInForeground } from './foreground.js';
import { shellQuoted } from './provenance.js';
import { checkpointFacts, historyOf } from './run-facts.js';
import { openRun } from './open-run.js';
import type { RunFolder } from './run-folder.js';
import { sweepMeant } from './sweep/newest-sweep.js';
import { defaultState } from './train.js';

/** What is not given stays as it was. */
export interface ResumeSettings {
  workers?: number;
  shards?: number;
  /** Step not to pass, counted from the run's beginning. */
  steps?: number;
  /** Epochs in all, at most those of the experiment. */
  epochs?: number;
  backend?: 'tensorflow' | 'cpu';
  coordinator?: string;
}

export interface ResumeCommandOptions extends ResumeSettings {
  state?: string;
  /** Seconds. */
  budget?: number;
  /** Seconds. */
  patience?: number;
  tensorboard?: string;
  /** Of a sweep: so many in all. */
  trials?: number;
  /** Refused. */
  set?: string[];
  json: boolean;
}

/** Answers with the exit code. */
export async function resumeCommand(run: string, options: ResumeCommandOptions): Promise<number> {
  const { state = defaultState, set = [], json, budget, patience, tensorboard } = options;
  const sweep = sweepMeant(state, run);
  if (sweep !== undefined) {
    const { resumeSweep } = await import('./sweep/resume-sweep.js');
    return await resumeSweep(sweep, options);
  }
  if (options.trials !== undefined)
    throw new PolyakError('usage', `--trials ${options.trials}: ${run} is a run, only a sweep has trials`);
  if (set.length > 0) throw refusal(set[0] ?? '', (await openRun(state, run)).facts.name);
  const folder = await openForResume(run, { ...options, state });
  return await runInForeground(folder, { json, budget, patience, tensorboard });
}

/** The run's folder, with the settings kept. Errors: `usage` for a run that cannot go on so far. */
export async function openForResume(run: string, options: ResumeSettings & { state: string }): Promise<RunFolder> {
  const { workers, shards, backend, coordinator, state } = options;
  const folder = await openRun(state, run);
  if (folder.facts.trial) {
    const { name, trial } = folder.facts;
    const way = `'polyak resume ${trial.sweep}' goes on with that, and 'polyak retry ${name}' tries a failed trial again`;
    throw new PolyakError('usage', `${name} is a trial: its sweep decides on it; ${way}`);
  }
  const changes = { workers, shards, backend, coordinator, untilStep: await untilStep(folder, options) };
  folder.update(Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)));
  return folder;
}

function refusal(override: string, name: string): PolyakError {
  const why = 'the weights that it has were trained by its stored experiment, and its numbers follow from that alone';
  const way = `'polyak train FILE --from ${name} --set ${override}' starts a new run from its last weights`;
  return new PolyakError('usage', `--set ${override}: a run goes on as it is, because ${why}; ${way}`);
}

/** The command that makes a new run of the same experiment, beginning with this one's last weights. */
function branch({ path }: RunFolder, changes: string): string {
  const state = displayPath(dirname(path));
  const place = state === defaultState ? '' : ` --state ${shellQuoted(state)}`;
  const [file, from] = [join(displayPath(path), 'experiment.json'), displayPath(path)].map(shellQuoted);
  return `'polyak train ${file} --from ${from} ${changes}${place}'`;
}

/**
 * 0 for all epochs. Errors: `usage` for more epochs than the experiment has, or where the length of an epoch is not known
 * yet, and for a run that has finished before the step that is asked for.
 */
async function untilStep(folder: RunFolder, { steps, epochs }: ResumeSettings): Promise<number | undefined> {
  if (steps !== undefined && epochs !== undefined) {
    throw new PolyakError('usage', `--steps ${steps} and --epochs ${epochs} exclude each other: give one`);
  }
  const until = epochs === undefined ? steps : await stepOfEpoch(folder, epochs);
  const { results } = historyOf(folder);
  if (until === undefined || results.state !== 'finished') return until;
  const { step, epoch } = results;
  const isFurther = until === 0 ? folder.facts.untilStep > 0 : until > step;
  if (!isFurther) return undefined;
  const asked = epochs === undefined ? `--steps ${until}` : `--epochs ${epochs}`;
  const rest = epochs === undefined ? `--steps ${until - step}` : `--epochs ${epochs - (epoch ?? 0)}`;
  const why = `${folder.facts.name} has finished at step ${step}, and what has finished stays as it is`;
  throw new PolyakError('usage', `${asked}: ${why}; ${branch(folder, rest)} goes on from its weights as a new run`);
}

async function stepOfEpoch(folder: RunFolder, epochs: number): Promise<number> {
  const { name } = folder.facts;
  const { train } = JSON.parse(folder.experiment) as Experiment;
  if (epochs === train.epochs) return 0;
  if (epochs > train.epochs) {
    const why = 'its learning rates may depend on them';
    const way = `${branch(folder, `--epochs ${epochs}`)} starts a new run from its last weights`;
    throw new PolyakError(
      'usage',
      `--epochs ${epochs}: the experiment of ${name} has ${train.epochs} epochs, and ${why}; ${way}`,
    );
  }
  const known = await checkpointFacts(folder);
  if (!known) {
    throw new PolyakError(
      'usage',
      `--epochs ${epochs}: ${name} has no checkpoint yet, so its steps are not known; give --steps`,
    );
  }
  return epochs * Math.ceil(known.data.trainCount / train.batchSize);
}
