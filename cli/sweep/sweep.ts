/** `polyak sweep`: a search from an experiment file, from its folder to its last words. */
import { placeAround } from '../../common/checkpoint-location.js';
import { PolyakError } from '../../common/errors.js';
import { loadTemplate } from '../../common/experiment/load.js';
import { isRepeatedHalt } from '../../coordinator/search/repeated-halt.js';
import type { SweepLine } from '../../coordinator/sweep/log-line.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { exitCode } from '../exit-codes.js';
import { count, displayPath, interruptions } from '../foreground.js';
import { duration } from '../live-view.js';
import { outliveReader, printJson } from '../output.js';
import { patienceMsDefault } from '../run.js';
import { bestLines, bestTrials } from './best.js';
import { openReader } from './open-reader.js';
import { prepareSweep, type SweepPlace } from './prepare-sweep.js';
import { roundsOf } from './rounds.js';
import { sweepOnce } from './sweep-once.js';
import { runSweep } from './run-sweep.js';
import type { SweepChange } from './sweep-follower.js';
import { SweepFolder } from './sweep-folder.js';
import { withTrials } from './with-trials.js';
import { sweepView } from './sweep-view.js';

export interface SweepFlags extends SweepPlace {
  set: string[];
  trials?: number;
  parallel?: number;
  priority?: number;
  /** Seconds. */
  budget?: number;
  /** Seconds. */
  patience?: number;
  replay?: string;
  idempotencyKey?: string;
  detach?: boolean;
  dryRun?: boolean;
  json: boolean;
}

/** Answers with the exit code. */
export async function sweepCommand(file: string | undefined, flags: SweepFlags): Promise<number> {
  if (flags.replay !== undefined) {
    if (file !== undefined)
      throw new PolyakError('usage', `--replay ${flags.replay} repeats a sweep as it was; leave ${file} out`);
    return await sweepInForeground(repeated(flags, flags.replay), flags);
  }
  if (file === undefined) throw new PolyakError('usage', 'sweep: which experiment file? Or --replay SWEEP');
  const overrides = flags.trials === undefined ? flags.set : [...flags.set, `search.trials=${flags.trials}`];
  const template = withTrials(await loadTemplate(file, overrides), flags.trials);
  for (const warning of template.warnings) process.stderr.write(`polyak: warning: ${warning}\n`);
  const prepared = await prepareSweep(template, flags);
  if (flags.dryRun) {
    const { dryRun } = await import('./dry-run.js');
    return await dryRun(prepared, flags);
  }
  const { parallel, priority, budget } = flags;
  const settings = {
    ...(parallel !== undefined && { parallel }),
    ...(priority !== undefined && { priority }),
    ...(budget !== undefined && { budget: { ...prepared.plan.section.budget, time: budget } }),
  };
  const folder = await sweepOnce(prepared, flags, { settings, file });
  return await sweepInForeground(folder, flags);
}

function repeated({ state, workers, shards, backend }: SweepFlags, sweep: string): SweepFolder {
  const original = SweepFolder.open(state, sweep);
  const { facts, template, path } = original;
  if (facts.pid !== null && original.isFollowed) {
    throw new PolyakError(
      'usage',
      `${facts.name} is still running, and its store serves it; repeat it when it has ended`,
    );
  }
  const folder = SweepFolder.create(state, facts.name.replace(/(-replay)?-\d+$/, '-replay'), template, {
    ...{ workers: workers ?? facts.workers, shards: shards ?? facts.shards, backend: backend ?? facts.backend },
    ...{ coordinator: facts.coordinator, store: facts.store, settings: facts.settings, replayOf: facts.sweepKey },
    provenance: facts.provenance,
    bucket: facts.checkpoints === undefined ? undefined : placeAround(facts.checkpoints),
  });
  folder.linkModules(path);
  return folder;
}

export interface ForegroundFlags {
  json: boolean;
  patience?: number;
  detach?: boolean;
}

/** Follows a sweep until its end. Answers with the exit code. */
export async function sweepInForeground(
  folder: SweepFolder,
  flags: ForegroundFlags,
  first: SweepChange[] = [],
): Promise<number> {
  const { json, patience, detach = false } = flags;
  const { facts } = folder;
  outliveReader();
  const place = displayPath(folder.path);
  const say = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`);
  const isElsewhere = facts.coordinator !== null;
  if (detach && !isElsewhere)
    throw new PolyakError('usage', '--detach needs --coordinator: processes of this machine end with the command');
  const view = sweepView(process.stdout, json);
  const interruption = interruptions({
    budget: undefined,
    onSignal: () => say(isElsewhere ? 'no longer followed' : 'stopping at checkpoints; once more to end at once'),
    onBudget: () => undefined,
  });
  try {
    if (json) printJson({ event: 'started', sweep: facts.name, folder: folder.path, sweepKey: facts.sweepKey });
    else say(`${facts.name}: ${count(facts.workers, 'worker')}, ${count(facts.shards, 'shard')}, in ${place}`);
    const { stop, kill } = interruption;
    const leaving = detach ? AbortSignal.abort() : stop;
    const patienceMs = patience === undefined ? patienceMsDefault : patience * 1000;
    const last = await runSweep({ folder, onLine: (line) => view.show(line), stop: leaving, kill, patienceMs, first });
    view.close();
    if (!last) {
      say(`${facts.name} goes on at ${facts.coordinator}; see it with\n  npx polyak status ${place}`);
      say(
        `when it has ended, its report and the ensemble of its best trials are made by\n  npx polyak report ${place}`,
      );
      // Who was told to leave before the end must not look as if the sweep had been done.
      return interruption.exitCode() ?? exitCode.done;
    }
    return await ended(folder, last, { json, say, interrupted: interruption.exitCode() });
  } catch (error) {
    view.close();
    const code = interruption.exitCode();
    if (code === undefined) throw error;
    say(`ended; go on with\n  npx polyak resume ${place}`);
    return code;
  } finally {
    interruption.close();
  }
}

interface EndOptions {
  json: boolean;
  say: (text: string) => void;
  interrupted: number | undefined;
}

async function ended(folder: SweepFolder, last: SweepLine, { json, say, interrupted }: EndOptions): Promise<number> {
  const place = displayPath(folder.path);
  const reason = typeof last['reason'] === 'string' ? last['reason'] : '';
  // A coordinator elsewhere may be gone by now, which does not take the sweep's success away either.
  const known = await quietly(async () => await lastWords(folder));
  if (!json) known?.lines.forEach(say);
  // Who asks the command to end wants the terminal back; a budget, or another terminal, ends the sweep alone.
  const isLeft = interrupted !== undefined && last.event === 'sweep-stopped';
  if (last.event !== 'sweep-failed' && !isLeft) await quietly(async () => await report(folder, json, say));
  if (last.event === 'sweep-failed')
    throw new PolyakError('training', `${reason}; when that is mended, go on with: npx polyak resume ${place}`);
  if (last.event === 'sweep-finished') {
    if (known) requireResult(known.snapshot, place);
    return exitCode.done;
  }
  if (isRepeatedHalt(reason)) {
    say(reason);
    return exitCode.done;
  }
  say(`stopped${reason === '' ? '' : `: ${reason}`}; go on with\n  npx polyak resume ${place}`);
  if (isLeft) say(`a report of what there is comes by\n  npx polyak report ${place}`);
  if (interrupted !== undefined) return interrupted;
  return reason.includes('budget') ? exitCode.budget : exitCode.done;
}

/** A script must not take a sweep for done that has no trial to choose. Errors: `training`. */
function requireResult({ best, counts, metric }: SweepSnapshot, place: string): void {
  if (best) return;
  const states = `${counts.failed} failed, ${counts.stopped} stopped`;
  throw new PolyakError('training', `no trial has a ${metric} (${states}); see why: npx polyak trials ${place}`);
}

/** What comes after the trials and cannot be made does not take the sweep's success away. */
async function quietly<Value>(make: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await make();
  } catch (error) {
    process.stderr.write(`polyak: ${(error as Error).message}\n`);
    return undefined;
  }
}

async function report(folder: SweepFolder, json: boolean, say: (text: string) => void): Promise<void> {
  const { finalEnsemble, finalEnsembleLines } = await import('./final-ensemble.js');
  const ensemble = await finalEnsemble(folder);
  if (!('why' in ensemble)) {
    if (json) printJson({ event: 'ensemble', ...ensemble });
    else for (const lines of finalEnsembleLines(ensemble)) say(lines);
  } else if (!json) say(`no ensemble   ${ensemble.why}`);
  const { writeReport } = await import('./report.js');
  const files = await writeReport(folder, folder.path, ensemble);
  if (json) printJson({ event: 'report-written', ...files });
  else say(`report in     ${displayPath(files.html)}`);
}

async function lastWords(folder: SweepFolder): Promise<{ lines: string[]; snapshot: SweepSnapshot }> {
  const reader = await openReader(folder);
  try {
    const snapshot = await reader.sweep();
    const { counts, spent } = snapshot;
    const [best] = await bestTrials(reader, 1);
    const { last = [], edges } = await roundsOf(reader, (await reader.trials({})).rows, best);
    const untold = edges.filter((edge) => !last.some((line) => line.includes(edge)));
    const states = Object.entries(counts).filter(([, trials]) => trials > 0);
    const lines = [
      ...last,
      `${states.map(([state, trials]) => `${trials} ${state}`).join(', ')}; ${duration(spent.seconds)}, ${spent.epochs} epochs`,
      ...(await bestLines(reader)),
      ...untold.map((edge) => `look again    ${edge}`),
      `see them all with  npx polyak trials ${displayPath(folder.path)}`,
    ];
    return { lines, snapshot };
  } finally {
    await reader.close();
  }
}
