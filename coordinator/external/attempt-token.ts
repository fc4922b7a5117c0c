/** The token of a trial that is given out, as the store keeps it: a notice of the run, so that it outlives the coordinator. */
import type { Change, ReportRow, RunRow } from '../store/rows.js';

const kind = 'given';

export function tokenChange({ key, trial }: RunRow, token: string, client: string): Change {
  const body = JSON.stringify({ event: 'notice', kind, message: `trial ${trial} is given to ${client}`, token });
  return { table: 'reports', row: { run: key, kind: 'NOTICE', step: 0, body } };
}

/** The newest of all that was reported of a run. */
export function tokenOf(reports: readonly ReportRow[]): string | undefined {
  for (const report of reports.toReversed()) {
    if (report.kind !== 'NOTICE') continue;
    const body = JSON.parse(report.body) as { kind?: unknown; token?: unknown };
    if (body.kind === kind && typeof body.token === 'string') return body.token;
  }
  return undefined;
}
