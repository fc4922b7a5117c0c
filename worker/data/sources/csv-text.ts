/** The text of a table: lines and cells. Cells are separated by commas, may be quoted as in RFC 4180, and hold no line breaks. */

/** Text up to each line feed, without a carriage return; empty lines at the end are left out. */
export function* linesOf(bytes: Buffer): Generator<string, undefined> {
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let end = bytes.length;
  while (end > mark && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end -= 1;
  for (let from = mark; from < end;) {
    const feed = bytes.indexOf(10, from);
    const to = feed < 0 ? end : Math.min(feed, end);
    yield bytes.toString('utf8', from, bytes[to - 1] === 13 ? to - 1 : to);
    from = to + 1;
  }
  return undefined;
}

export function cellsOf(line: string): string[] {
  return (line.includes('"') ? splitQuoted(line) : line.split(',')).map((cell) => cell.trim());
}

/** Commas within quotes do not separate, and a doubled quote within quotes is a quote. */
function splitQuoted(line: string): string[] {
  const cells = [''];
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (character === ',' && !quoted) {
      cells.push('');
    } else if (character === '"' && !(quoted && line[at + 1] === '"')) {
      quoted = !quoted;
    } else {
      if (character === '"') at += 1;
      cells[cells.length - 1] += character;
    }
  }
  return cells;
}

export function isNumber(cell: string): boolean {
  return cell !== '' && Number.isFinite(Number(cell));
}

/** As pandas, NumPy and the UCI repository write that there is no value. */
export function isMissing(cell: string): boolean {
  return cell === '' || cell === 'NA' || cell === 'NaN' || cell === 'nan' || cell === '?';
}
