/** An entry of a sweep's log as `--json` prints it: one flat object, epochs where the search counts steps. */
import type { LogRow } from '../store/rows.js';

export interface SweepLine {
  event: string;
  /** Of the entry in the log, from 0; absent of what is kept nowhere. */
  sequence?: number;
  [member: string]: unknown;
}

/** Decisions and events have different names: `create` is decided, `created` has happened. */
export function lineOf({ sequence, entry }: Pick<LogRow, 'sequence' | 'entry'>): SweepLine {
  const { type, ...members } = 'event' in entry ? entry.event : entry.decision;
  return { event: type, sequence, ...(inEpochs(members) as Record<string, unknown>) };
}

const names: Readonly<Record<string, string>> = { step: 'epoch', untilStep: 'untilEpoch' };

function inEpochs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inEpochs);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      names[key] ?? key,
      key === 'parameters' || key === 'space' ? member : inEpochs(member),
    ]),
  );
}
