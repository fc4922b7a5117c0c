/** Checks a stored log: the events, taken again, must give the decisions that were stored, and each must see the same. */
import { isDeepStrictEqual } from 'node:util';
import { PolyakError } from '../../common/errors.js';
import type { Decision, LogEntry } from './log.js';
import type { SearchPlan } from './plan.js';
import { Search } from './search.js';

/**
 * The sweep as it was at the log's end. Errors: `data` for the first entry that differs, with both sides. The end of the
 * log may lack decisions on its last event, which were not stored when the coordinator died; they are `pending`.
 */
export function replay(plan: SearchPlan, log: readonly LogEntry[]): { search: Search; pending: Decision[] } {
  const search = new Search(plan);
  let expected: Decision[] = [];
  for (const [index, entry] of log.entries()) {
    if ('event' in entry) {
      if (expected[0]) throw differs(index, expected[0], undefined);
      expected = search.take(entry.event).decisions;
      continue;
    }
    const decision = expected.shift();
    if (!isDeepStrictEqual(plain(decision), plain(entry.decision))) throw differs(index, decision, entry.decision);
  }
  return { search, pending: expected };
}

/** As stored: without members that are undefined. */
function plain(decision: Decision | undefined): unknown {
  return decision && JSON.parse(JSON.stringify(decision));
}

function differs(index: number, decision: Decision | undefined, stored: Decision | undefined): PolyakError {
  const show = (side: Decision | undefined) => (side ? JSON.stringify(side) : 'nothing');
  const sides = `stored is ${show(stored)}, and what was reported until then gives ${show(decision)}`;
  return new PolyakError(
    'data',
    `entry ${index} of the sweep's log: ${sides}; the log was changed, or another version or another experiment made it`,
  );
}
