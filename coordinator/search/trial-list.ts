/** A CSV file of trials as rows of cells by the name of their column (RFC 4180: quotes, and commas and lines within them). */
import { PolyakError } from '../../common/errors.js';

export interface TrialRow {
  /** In the file, from 1. */
  line: number;
  /** Cells that are not empty. */
  cells: ReadonlyMap<string, string>;
}

/** Errors: `usage`, with the line. */
export function readTrialList(text: string): { columns: string[]; rows: TrialRow[] } {
  const [head, ...lines] = linesOf(text.replace(/^\uFEFF/, ''));
  if (!head) throw new PolyakError('usage', 'the list of trials is empty; its first line names the parameters');
  const columns = head.cells;
  const repeated = columns.find((name, index) => columns.indexOf(name) < index);
  if (repeated !== undefined) throw atLine(head.line, `column '${repeated}' is there twice`);
  return { columns, rows: lines.map((line) => rowOf(line, columns)) };
}

/** As `usage`. */
export function atLine(line: number, problem: string): PolyakError {
  return new PolyakError('usage', `line ${line} of the list of trials: ${problem}`);
}

interface Line {
  line: number;
  cells: string[];
}

function rowOf({ line, cells }: Line, columns: string[]): TrialRow {
  if (cells.length !== columns.length) {
    throw atLine(line, `has ${cells.length} cells, the first line has ${columns.length}`);
  }
  const entries = columns.map((name, index): [string, string] => [name, cells[index]!]);
  return { line, cells: new Map(entries.filter(([, cell]) => cell !== '')) };
}

/** A cell and what ends it: a comma, a line's end, or the text's. */
const cellPattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

/** Empty lines are left out. */
function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let line = 1;
  let cells: string[] = [];
  for (let at = 0, start = 1; at < text.length;) {
    cellPattern.lastIndex = at;
    const [whole, quoted, bare = '', end] = cellPattern.exec(text) ?? [];
    if (whole === undefined)
      throw atLine(line, 'a quote is not closed, or stands within a cell without quotes around it');
    cells.push(quoted === undefined ? bare.trim() : quoted.replaceAll('""', '"'));
    line += whole.split('\n').length - 1;
    at += whole.length;
    if (end === ',' && at < text.length) continue;
    if (end === ',') cells.push('');
    if (cells.length > 1 || cells[0] !== '') lines.push({ line: start, cells });
    cells = [];
    start = line;
  }
  return lines;
}
