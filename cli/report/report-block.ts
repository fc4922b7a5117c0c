/** What a report is made of, before it is Markdown or HTML. All texts are plain: each of the two escapes them in its way. */

export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'list'; items: string[] }
  | { kind: 'table'; columns: TableColumn[]; rows: string[][] }
  /** Shown as it is. With `title` it may be folded away. */
  | { kind: 'code'; text: string; language: string; title?: string }
  /** Side by side where there is room. */
  | { kind: 'plots'; plots: Plot[] };

export interface TableColumn {
  title: string;
  /** Numbers stand to the right. */
  isRight?: boolean;
}

export interface Plot {
  /** Of its own file, beside the Markdown. */
  file: string;
  /** An SVG file, with its label in it. */
  svg: string;
  /** What the picture shows, for whoever does not see it. */
  label: string;
  caption: string;
}

export interface ReportDocument {
  title: string;
  blocks: Block[];
}

export function paragraph(text: string): Block {
  return { kind: 'paragraph', text };
}
