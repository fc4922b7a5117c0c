/** `polyak pause`, `resume`, `stop` and `set` of a sweep that runs: through its coordinator. */
import { PolyakError } from '../../common/errors.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { durationSeconds } from '../duration.js';
import { printJson, printText } from '../output.js';
import { tlsOfRunning } from '../tls.js';
import { SweepFollower, type SweepAction } from './sweep-follower.js';
import { SweepFolder } from './sweep-folder.js';

const patienceMs = 5000;

export interface ChangeFlags {
  state: string;
  json: boolean;
}

/** Errors: `unreachable` where it does not run. */
export async function changeSweep(
  sweep: string,
  action: Exclude<SweepAction, 'RETRY'>,
  { state, json }: ChangeFlags,
  settings: Record<string, unknown> = {},
): Promise<void> {
  const folder = SweepFolder.open(state, sweep);
  if (action === 'SET' && folder.coordinator === undefined) return setLater(folder, settings, json);
  const snapshot = await withFollower(
    folder,
    async (follower) => await follower.change({ action, settings }, new AbortController().signal),
  );
  if (json) return printJson(snapshot);
  printText(`${folder.facts.name}: ${snapshot.state}${action === 'SET' ? `, ${settingsText(snapshot)}` : ''}`);
}

/** What a sweep that does not run is told when it goes on. */
function setLater(folder: SweepFolder, settings: Record<string, unknown>, json: boolean): void {
  const { name, pending = {} } = folder.facts;
  const { budget, ...others } = settings as { budget?: object };
  const merged = { ...pending, ...others, ...(budget && { budget: { ...(pending['budget'] as object), ...budget } }) };
  folder.update({ pending: merged });
  if (json) printJson({ sweep: name, pending: merged });
  else printText(`${name} does not run; 'polyak resume ${name}' goes on with ${JSON.stringify(merged)}`);
}

/** Errors: `unreachable` where it does not run. */
export async function withFollower<Result>(
  folder: SweepFolder,
  use: (follower: SweepFollower) => Promise<Result>,
): Promise<Result> {
  const address = folder.coordinator;
  const { facts } = folder;
  const { name, sweepKey } = facts;
  if (address === undefined) {
    throw new PolyakError(
      'unreachable',
      `${name} has no coordinator that runs now; 'polyak resume ${name}' goes on with it`,
    );
  }
  const follower = new SweepFollower(address, Buffer.from(sweepKey, 'hex'), patienceMs, tlsOfRunning(facts));
  try {
    return await use(follower);
  } finally {
    follower.close();
  }
}

/** Of `trials=400 workers=4 budget.time=2h`. Errors: `usage`. */
export function parseSettings(assignments: readonly string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const assignment of assignments) {
    const [, path, text] = /^([A-Za-z.]+)=(.+)$/.exec(assignment) ?? [];
    if (path === undefined || text === undefined) {
      throw new PolyakError('usage', `'${assignment}': must be such as workers=4 or budget.time=2h`);
    }
    const [name = '', member] = path.split('.');
    if (member === undefined) settings[name] = valueOf(path, text);
    else settings[name] = { ...(settings[name] as object | undefined), [member]: valueOf(path, text) };
  }
  return settings;
}

const durations: ReadonlySet<string> = new Set(['budget.time', 'budget.computeTime']);

function valueOf(path: string, text: string): number | null {
  if (text === 'none') return null;
  if (durations.has(path)) return durationSeconds(text);
  const number = Number(text);
  if (!Number.isFinite(number)) throw new PolyakError('usage', `${path}=${text}: must be a number, or none`);
  return number;
}

function settingsText({ settings }: SweepSnapshot): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
}
