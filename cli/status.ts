/** `polyak status`: how far a run or a sweep is, and which processes it has; without one, all that run now. */
import { isAlive, historyOf } from './run-facts.js';
import { progressOf } from './live-run.js';
import { progressLines } from './live-view.js';
import { displayPath } from './foreground.js';
import { metricsUrl } from './launcher.js';
import { printJson, printText } from './output.js';
import type { RunFolder } from './run-folder.js';
import { openRun } from './open-run.js';
import { printTables, rowsOf } from './ls.js';
import { sweepRows } from './sweep/list-sweeps.js';
import { sweepMeant } from './sweep/newest-sweep.js';
import { bold, listOf, tableOf, when } from './table.js';
import { resultLines } from './result-lines.js';

interface StatusOptions {
  state: string;
  json: boolean;
}

export async function statusCommand(run: string | undefined, { state, json }: StatusOptions): Promise<void> {
  if (run === undefined) return await allRunning(state, json);
  const sweep = sweepMeant(state, run);
  if (sweep !== undefined) {
    const { sweepStatus } = await import('./sweep/sweep-status.js');
    return await sweepStatus(sweep, json);
  }
  const folder = await openRun(state, run);
  const { facts } = folder;
  const { results, notices } = historyOf(folder);
  const progress = results.state === 'running' && !facts.trial ? await progressOf(folder) : undefined;
  const processes = facts.roles.map((role) => ({ ...role, alive: isAlive(role.pid) }));
  if (json) {
    printJson({ run: facts.name, folder: folder.path, ...results, progress: progress ?? null, processes });
    return;
  }
  printText(`${bold(facts.name)}: ${results.state}`);
  if (progress)
    printText(progressLines(progress, results.validation ?? undefined, process.stdout.columns ?? 100).join('\n'));
  printText(
    listOf([...resultLines(results), ['last note', lastNote(notices)], ['go on with', goOn(folder, results.state)]]),
  );
  if (processes.length > 0) {
    const columns = ['process', 'pid', 'address', 'metrics'].map((title) => ({ title }));
    const rows = processes.map(({ alive, ...entry }) => [
      ...[`${entry.role}-${entry.index}`, alive ? String(entry.pid) : `${entry.pid} (gone)`, entry.address || '-'],
      metricsUrl(entry),
    ]);
    printText(`\n${tableOf(columns, rows)}`);
  }
}

async function allRunning(state: string, json: boolean): Promise<void> {
  const rows = rowsOf(state).filter((row) => row.state === 'running');
  const sweeps = (await sweepRows(state)).filter((row) => row.state === 'running' || row.state === 'paused');
  if (json) for (const row of [...rows.map((each) => ({ kind: 'run', ...each })), ...sweeps]) printJson(row);
  else if (rows.length > 0 || sweeps.length > 0) printTables(rows, sweeps);
  else printText("no run and no sweep is running here; 'npx polyak ls' lists all");
}

function lastNote(notices: { [member: string]: unknown; at: string }[]): string | undefined {
  const notice = notices.at(-1);
  return notice && `${when(notice.at)}  ${String(notice['message'])}`;
}

function goOn(folder: RunFolder, state: string): string | undefined {
  if (folder.facts.trial) return undefined;
  const resumable = ['interrupted', 'stopped', 'failed', 'new'].includes(state);
  return resumable ? `npx polyak resume ${displayPath(folder.path)}` : undefined;
}
