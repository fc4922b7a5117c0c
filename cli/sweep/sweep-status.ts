/** `polyak status SWEEP`: how far it is, what its running trials do, and which processes it has. */
import { displayPath } from '../foreground.js';
import { metricsUrl } from '../launcher.js';
import { printJson, printText } from '../output.js';
import { isAlive } from '../run-facts.js';
import { bold, listOf, tableOf } from '../table.js';
import { tlsOfRunning } from '../tls.js';
import { openReader } from './open-reader.js';
import { SweepFollower } from './sweep-follower.js';
import { SweepFolder } from './sweep-folder.js';
import { stateOfSweep } from './sweep-state.js';
import { progressLines, type ProgressLine } from './sweep-view.js';

/** A coordinator tells its watchers how things stand once a second. */
const progressMsMax = 3000;

export async function sweepStatus(path: string, json: boolean): Promise<void> {
  const folder = SweepFolder.open('.', path);
  const reader = await openReader(folder);
  let snapshot;
  try {
    snapshot = await reader.sweep();
  } finally {
    await reader.close();
  }
  const { facts } = folder;
  const state = stateOfSweep(folder, snapshot);
  const line: ProgressLine = (state === 'running' ? await progressOf(folder) : undefined) ?? {
    ...snapshot,
    running: [],
  };
  const processes = facts.roles.map((role) => ({ ...role, alive: isAlive(role.pid) }));
  if (json) return printJson({ ...line, sweep: facts.name, folder: folder.path, state, processes });
  const isOver = state === 'finished';
  printText(`${bold(facts.name)}: ${state}${snapshot.reason === null ? '' : ` (${snapshot.reason})`}`);
  printText(progressLines(line, process.stdout.columns ?? 100).join('\n'));
  const goOn = isOver || state === 'running' ? undefined : `npx polyak resume ${displayPath(folder.path)}`;
  printText(
    listOf([
      ['go on with', goOn],
      ['see them all', `npx polyak trials ${displayPath(folder.path)}`],
    ]),
  );
  if (processes.length === 0) return;
  const columns = ['process', 'pid', 'address', 'metrics'].map((title) => ({ title }));
  const rows = processes.map(({ alive, ...entry }) => [
    ...[`${entry.role}-${entry.index}`, alive ? String(entry.pid) : `${entry.pid} (gone)`, entry.address || '-'],
    metricsUrl(entry),
  ]);
  printText(`\n${tableOf(columns, rows)}`);
}

/** The next that its coordinator tells; undefined where none comes in time. */
async function progressOf(folder: SweepFolder): Promise<ProgressLine | undefined> {
  const { coordinator, facts } = folder;
  if (coordinator === undefined) return undefined;
  const follower = new SweepFollower(
    coordinator,
    Buffer.from(facts.sweepKey, 'hex'),
    progressMsMax,
    tlsOfRunning(facts),
  );
  const found = new AbortController();
  const late = setTimeout(() => found.abort(), progressMsMax);
  let progress: ProgressLine | undefined;
  const onLine = (line: { event: string }) => {
    if (line.event !== 'progress') return;
    progress = line as unknown as ProgressLine;
    found.abort();
  };
  try {
    // Its log is not wanted, only what comes beside it.
    await follower.follow(onLine, found.signal, fromNowOn);
  } catch (error) {
    if (!found.signal.aborted) throw error;
  } finally {
    clearTimeout(late);
    follower.close();
  }
  return progress;
}

/** Further than any log. */
const fromNowOn = 2 ** 32 - 1;
