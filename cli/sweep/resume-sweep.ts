/** `polyak resume SWEEP`: a sweep goes on, on as many workers and shards as one likes; what it has decided stays decided. */
import { PolyakError } from '../../common/errors.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { printJson, printText } from '../output.js';
import type { ResumeCommandOptions } from '../resume.js';
import { withFollower } from './change-sweep.js';
import { openReader } from './open-reader.js';
import type { SweepChange } from './sweep-follower.js';
import { SweepFolder } from './sweep-folder.js';
import { sweepInForeground } from './sweep.js';

/** Answers with the exit code. Errors: `usage` for a sweep that has finished, and for flags that would change results. */
export async function resumeSweep(path: string, options: ResumeCommandOptions): Promise<number> {
  const folder = SweepFolder.open('.', path);
  refuseOthers(folder, options);
  const { workers, shards, backend, trials, budget, json, patience } = options;
  const known = folder.hasStore || folder.facts.coordinator !== null ? await snapshotOf(folder, patience) : undefined;
  const { name } = folder.facts;
  if (known?.state === 'finished' && (trials ?? 0) <= (known.trials ?? 0)) {
    const way = takesMore(folder) ? `; 'polyak resume ${name} --trials ${(known.trials ?? 0) + 10}' adds trials` : '';
    throw new PolyakError('usage', `${name} has finished, all ${known.trials ?? ''} trials${way}`);
  }
  const { pending = {} } = folder.facts;
  const settings: Record<string, unknown> = {
    ...pending,
    ...(trials !== undefined && { trials }),
    ...(budget !== undefined && {
      budget: { ...(pending['budget'] as object), time: (known?.spent.seconds ?? 0) + budget },
    }),
  };
  const first: SweepChange[] = [
    ...(Object.keys(settings).length > 0 ? [{ action: 'SET' as const, settings }] : []),
    { action: 'RESUME' },
  ];
  if (folder.facts.coordinator === null && folder.isFollowed) return await changeOnly(folder, first, options);
  folder.update({
    pending: {},
    ...(workers !== undefined && { workers }),
    ...(shards !== undefined && { shards }),
    ...(backend !== undefined && { backend }),
  });
  return await sweepInForeground(folder, { json, ...(patience !== undefined && { patience }) }, first);
}

/** Rungs and rounds are made for so many trials. */
function takesMore({ template }: SweepFolder): boolean {
  const { schedule } = template.experiment['search'] as { schedule?: object };
  return schedule === undefined || 'asha' in schedule;
}

/** Another terminal shows it, and has its processes. */
async function changeOnly(
  folder: SweepFolder,
  changes: SweepChange[],
  { json, workers, shards, backend }: ResumeCommandOptions,
): Promise<number> {
  const { name, pid } = folder.facts;
  if (workers !== undefined || shards !== undefined || backend !== undefined) {
    const way = `stop it first: polyak stop ${name}`;
    throw new PolyakError(
      'usage',
      `${name} is followed by process ${pid}, which has its own workers and shards; ${way}`,
    );
  }
  const { signal } = new AbortController();
  const snapshot = await withFollower(folder, async (follower) => {
    let last: SweepSnapshot | undefined;
    for (const change of changes) last = await follower.change(change, signal);
    return last;
  });
  if (json) printJson(snapshot);
  else printText(`${name}: ${snapshot?.state}, as the terminal of process ${pid} shows`);
  return 0;
}

/** Undefined of one that was never submitted. */
async function snapshotOf(folder: SweepFolder, patience?: number): Promise<SweepSnapshot | undefined> {
  const reader = await openReader(folder, patience === undefined ? {} : { patienceMs: patience * 1000 });
  try {
    return await reader.sweep();
  } catch (error) {
    if (error instanceof PolyakError && error.code === 'usage') return undefined;
    throw error;
  } finally {
    await reader.close();
  }
}

function refuseOthers({ facts }: SweepFolder, options: ResumeCommandOptions): void {
  const { set = [], steps, epochs, coordinator, tensorboard } = options;
  const refused = [
    ...set.map((override) => `--set ${override}`),
    ...(steps === undefined ? [] : [`--steps ${steps}`]),
    ...(epochs === undefined ? [] : [`--epochs ${epochs}`]),
    ...(tensorboard === undefined ? [] : [`--tensorboard ${tensorboard}`]),
  ];
  if (refused.length > 0) {
    const way = `'polyak set ${facts.name} NAME=VALUE' changes what may change, and 'polyak sweep FILE' begins another sweep`;
    throw new PolyakError('usage', `${refused.join(' ')}: ${facts.name} is a sweep and goes on as it is; ${way}`);
  }
  if (coordinator !== undefined && coordinator !== facts.coordinator) {
    const where = facts.coordinator === null ? 'on this machine' : `at ${facts.coordinator}`;
    throw new PolyakError('usage', `--coordinator ${coordinator}: ${facts.name} is kept ${where} and goes on there`);
  }
}
