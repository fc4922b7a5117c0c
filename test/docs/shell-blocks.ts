/**
 * The commands of a document: its blocks of `sh`, each with what a comment above it says of how it is to be run, and the
 * block of text below it that says what it prints.
 */
export interface ShellBlock {
  text: string;
  /** Of the document, from 1. */
  line: number;
  /** Why it is not run: it needs what a test has not got. */
  notRun?: string;
  exitCode: number;
  /** It goes on while the following blocks run. */
  inBackground: boolean;
  /** Lines that standard output or error must have, in this order; `…` stands for anything. */
  prints: string[];
}

interface Fence {
  language: string;
  text: string;
  line: number;
  /** The comment above it. */
  comment: string;
}

export function shellBlocks(document: string): ShellBlock[] {
  const blocks: ShellBlock[] = [];
  for (const { language, text, line, comment } of fences(document)) {
    if (language === 'sh') {
      const notRun = /^not run: (.+)$/.exec(comment)?.[1];
      const exitCode = Number(/^exits (\d+)$/.exec(comment)?.[1] ?? 0);
      const inBackground = comment === 'in the background';
      blocks.push({ text, line, exitCode, inBackground, prints: [], ...(notRun !== undefined && { notRun }) });
    } else if (comment === 'prints') blocks.at(-1)?.prints.push(...text.split('\n'));
  }
  return blocks;
}

function fences(document: string): Fence[] {
  const pattern = /(?:^<!-- (?<comment>[^\n]*) -->\n\n)?^```(?<language>\w*)\n(?<text>[^]*?)\n```$/gm;
  return [...document.matchAll(pattern)].map((match) => {
    const { comment = '', language = '', text = '' } = match.groups ?? {};
    const line = document.slice(0, match.index).split('\n').length;
    return { language, text, line, comment };
  });
}

/** The first line that was not printed after the ones before it. */
export function missingLine(printed: string, lines: string[]): string | undefined {
  const rest = printed.split('\n');
  return lines.find((line) => {
    const index = rest.findIndex((candidate) => fits(candidate, line));
    if (index >= 0) rest.splice(0, index + 1);
    return index < 0;
  });
}

function fits(candidate: string, line: string): boolean {
  const pattern = line
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/ +/g, ' +'))
    .join('.*');
  return new RegExp(`^${pattern}\\s*$`).test(candidate);
}
