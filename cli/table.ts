/** Aligned text for people: columns, sections of names and values, and what a terminal may show beyond plain text. */
import { styleText } from 'node:util';
import { padded, widthOf } from './terminal-text.js';

export interface Column {
  title: string;
  /** Numbers stand to the right. */
  right?: boolean;
}

/** A title line and a line per row, two spaces between columns. */
export function tableOf(columns: Column[], rows: string[][]): string {
  const widths = columns.map(({ title }, index) =>
    rows.reduce((width, row) => Math.max(width, widthOf(row[index] ?? '')), widthOf(title)),
  );
  const line = (cells: string[]) =>
    columns
      .map(({ right }, index) => {
        const cell = cells[index] ?? '';
        const width = widths[index] ?? 0;
        return padded(cell, width, right ? 'before' : 'behind');
      })
      .join('  ')
      .trimEnd();
  return [dim(line(columns.map(({ title }) => title))), ...rows.map(line)].join('\n');
}

/** A line per name and value; an empty value is left out. Lines after a value's first stand below it. */
export function listOf(entries: (readonly [string, string | undefined])[]): string {
  const shown = entries.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value] as const],
  );
  const width = Math.max(0, ...shown.map(([name]) => widthOf(name)));
  return shown
    .map(([name, value]) => `${dim(padded(name, width))}  ${value.replaceAll('\n', `\n${' '.repeat(width + 2)}`)}`)
    .join('\n');
}

/** One character per value, low to high. What is no number is a gap. */
export function sparkline(values: (number | null)[]): string {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  const bars = '▁▂▃▄▅▆▇█';
  return values
    .map((value) => {
      if (value === null || !Number.isFinite(value)) return ' ';
      const height = span === 0 ? 0.5 : (value - low) / span;
      return bars[Math.min(bars.length - 1, Math.floor(height * bars.length))];
    })
    .join('');
}

export function bold(text: string): string {
  return styled('bold', text);
}

export function dim(text: string): string {
  return styled('dim', text);
}

/** Plain where standard output is no terminal, or NO_COLOR is set (https://no-color.org). */
function styled(style: 'bold' | 'dim' | 'red' | 'yellow', text: string): string {
  return process.stdout.isTTY && !process.env['NO_COLOR'] ? styleText(style, text) : text;
}

export function coloured(style: 'red' | 'yellow', text: string): string {
  return styled(style, text);
}

/** `0.9725`, or `-`. */
export function score(value: unknown): string {
  return typeof value === 'number' ? value.toFixed(4) : '-';
}

/** 1,234,567 */
export function grouped(value: number): string {
  return value.toLocaleString('en');
}

/** As `2026-11-25 10:58`, in the machine's time. */
export function when(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '-';
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
