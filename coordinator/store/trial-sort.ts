/** By what a table of trials may be sorted: a column of the table, or a parameter by its name. */
import { PolyakError } from '../../common/errors.js';
import { closest } from '../../common/experiment/suggest-value.js';
import type { TrialQuery } from './store.js';
import { columnsOf } from './tables.js';

/** `column` is quoted for SQL; `parameter` is as the user wrote it and must only ever be passed as a value. */
export type TrialSort = { column: string } | { parameter: string };

const sortable = columnsOf('trials').filter(({ kind }) => kind !== 'json');
const prefix = 'columns.';

/** By number, unless the query says otherwise. Errors: `usage` for what is no member. */
export function trialSort({ sort = 'number' }: Pick<TrialQuery, 'sort'>): TrialSort {
  if (sort.startsWith(prefix) && sort.length > prefix.length) return { parameter: sort.slice(prefix.length) };
  const column = sortable.find(({ member }) => member === sort);
  if (column) return { column: column.name };
  const members = sortable.map(({ member }) => member);
  const near = closest(sort, members);
  const known = `one of ${members.join(', ')}, or ${prefix}NAME for a parameter`;
  throw new PolyakError(
    'usage',
    `trials cannot be sorted by '${sort}'; ${near === undefined ? `it must be ${known}` : `did you mean '${near}'? It is ${known}`}`,
  );
}
