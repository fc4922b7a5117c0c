/** A report as Markdown (CommonMark with GitHub's tables), which refers to its plots as files beside it. */
import { plainText } from './plain-text.js';
import type { Block, ReportDocument, TableColumn } from './report-block.js';

export function reportMarkdown({ title, blocks }: ReportDocument): string {
  return [`# ${escaped(title)}`, ...blocks.map(markdownOf)].join('\n\n') + '\n';
}

function markdownOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `## ${escaped(block.text)}`;
    case 'paragraph':
      return escaped(block.text);
    case 'list':
      return block.items.map((item) => `- ${escaped(item)}`).join('\n');
    case 'table':
      return tableOf(block.columns, block.rows);
    case 'code':
      return [...(block.title === undefined ? [] : [`${escaped(block.title)}:\n`]), fenced(block)].join('\n');
    case 'plots':
      return block.plots
        .map(({ file, label, caption }) => `![${escaped(label)}](${file})\n\n${escaped(caption)}`)
        .join('\n\n');
  }
}

function tableOf(columns: TableColumn[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const rule = columns.map(({ isRight }) => (isRight ? '--:' : ':--'));
  return [columns.map(({ title }) => title), ...rows]
    .map((cells) => line(cells.map(escaped)))
    .toSpliced(1, 0, line(rule))
    .join('\n');
}

/** A backslash takes the meaning of any punctuation; a digit or a sign at the beginning would make a list. */
function escaped(text: string): string {
  return plainText(text)
    .replaceAll(/[\\`*_[\]<>#|~&$]/g, String.raw`\$&`)
    .replace(/^([-+=])/, String.raw`\$1`)
    .replace(/^(\d+)([.)])(?= |$)/, String.raw`$1\$2`);
}

/** The fence is longer than any row of backticks within. */
function fenced({ text, language }: { text: string; language: string }): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([row]) => row.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
