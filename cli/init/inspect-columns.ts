/** Which columns of a table are text, and which have rows without a value. */
import type { CsvData } from '../../common/experiment/table-schema.js';
import { columnName } from '../../worker/data/sources/csv-columns.js';
import { cellsOf, isMissing, isNumber, linesOf } from '../../worker/data/sources/csv-text.js';

/** Text of more kinds is a name or a sentence, and says nothing about the next row. */
const categoriesMax = 50;

interface Seen {
  texts: Set<string>;
  hasText: boolean;
  isMissing: boolean;
}

/** Without those that are numbers throughout; the label is not looked at. */
export function inspectColumns(bytes: Buffer, header: boolean, label: number): Pick<CsvData, 'columns' | 'missing'> {
  const lines = linesOf(bytes);
  const first = cellsOf(lines.next().value ?? '');
  const seen = first.map((): Seen => ({ texts: new Set(), hasText: false, isMissing: false }));
  if (!header) see(seen, first);
  for (const line of lines) see(seen, cellsOf(line));
  const columns: NonNullable<CsvData['columns']> = {};
  const missing: NonNullable<CsvData['missing']> = {};
  for (const [at, column] of seen.entries()) {
    if (at === label) continue;
    const name = columnName(header ? first : null, at);
    const isText = column.texts.size > categoriesMax;
    if (column.hasText) columns[name] = isText ? 'ignore' : 'category';
    if (column.isMissing && !(column.hasText && isText)) missing[name] = column.hasText ? 'mostFrequent' : 'median';
  }
  return {
    ...(Object.keys(columns).length > 0 && { columns }),
    ...(Object.keys(missing).length > 0 && { missing }),
  };
}

function see(columns: Seen[], cells: string[]): void {
  for (const [at, column] of columns.entries()) {
    const cell = cells[at] ?? '';
    if (isMissing(cell)) column.isMissing = true;
    else if (!isNumber(cell)) column.hasText = true;
    if (!isMissing(cell) && column.texts.size <= categoriesMax) column.texts.add(cell);
  }
}
