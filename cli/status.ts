/** `polyak status`: how far a run is, and which processes it has; without a run, all that run now. */
import { isAlive, historyOf } from './run-facts.js';
import { progressOf } from './live-run.js';
import { progressLines } from './live-view.js';
import { displayPath } from './foreground.js';
import { printJson, printText } from './output.js';
import { RunFolder } from './run-folder.js';
import { rowsOf, runTable } from './ls.js';
import { bold, listOf, tableOf, when } from './table.js';
import { resultLines } from './result-lines.js';

interface StatusOptions {
  state: string;
  json: boolean;
}

export async function statusCommand(run: string | undefined, { state, json }: StatusOptions): Promise<void> {
  if (run === undefined) return runningRuns(state, json);
  const folder = RunFolder.open(state, run);
  const { facts } = folder;
  const { results, notices } = historyOf(folder);
  const progress = results.state === 'running' ? await progressOf(folder) : undefined;
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
    const rows = processes.map(({ role, index, pid, alive, address, metricsPort }) => [
      ...[`${role}-${index}`, alive ? String(pid) : `${pid} (gone)`, address || '-'],
      `http://127.0.0.1:${metricsPort}/metrics`,
    ]);
    printText(`\n${tableOf(columns, rows)}`);
  }
}

function runningRuns(state: string, json: boolean): void {
  const rows = rowsOf(state).filter((row) => row.state === 'running');
  if (json) for (const row of rows) printJson(row);
  else if (rows.length > 0) printText(runTable(rows));
  else printText("no run is running here; 'npx polyak ls' lists all");
}

function lastNote(notices: { [member: string]: unknown; at: string }[]): string | undefined {
  const notice = notices.at(-1);
  return notice && `${when(notice.at)}  ${String(notice['message'])}`;
}

function goOn(folder: RunFolder, state: string): string | undefined {
  const resumable = ['interrupted', 'stopped', 'failed', 'new'].includes(state);
  return resumable ? `npx polyak resume ${displayPath(folder.path)}` : undefined;
}
