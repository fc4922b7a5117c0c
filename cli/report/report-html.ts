/**
 * A report as one HTML page that needs nothing else: styles and plots are within, there is no script, and its policy lets
 * nothing be fetched.
 */
import { plainText } from './plain-text.js';
import { colours } from './render-plot.js';
import type { Block, ReportDocument, TableColumn } from './report-block.js';

export function reportHtml({ title, blocks }: ReportDocument): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>
${style}
</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${blocks.map(htmlOf).join('\n')}
</main>
</body>
</html>
`;
}

function htmlOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h2>${escaped(block.text)}</h2>`;
    case 'paragraph':
      return `<p>${escaped(block.text)}</p>`;
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${escaped(item)}</li>`).join('\n')}\n</ul>`;
    case 'table':
      return tableOf(block.columns, block.rows);
    case 'code':
      return codeOf(block.text, block.title);
    case 'plots':
      return `<div class="plots">\n${block.plots.map(({ svg, caption }) => figureOf(svg, caption)).join('\n')}\n</div>`;
  }
}

function tableOf(columns: TableColumn[], rows: string[][]): string {
  const cell = (name: 'th' | 'td', text: string, { isRight }: TableColumn) =>
    `<${name}${isRight ? ' class="right"' : ''}>${escaped(text)}</${name}>`;
  const head = columns.map((column) => cell('th', column.title, column)).join('');
  const body = rows.map((row) => `<tr>${columns.map((column, at) => cell('td', row[at] ?? '', column)).join('')}</tr>`);
  return `<div class="wide"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table></div>`;
}

function codeOf(text: string, title: string | undefined): string {
  const code = `<pre><code>${escapedCode(text)}</code></pre>`;
  return title === undefined ? code : `<details>\n<summary>${escaped(title)}</summary>\n${code}\n</details>`;
}

function figureOf(svg: string, caption: string): string {
  return `<figure>\n<div class="wide">${svg}</div>\n<figcaption>${escaped(caption)}</figcaption>\n</figure>`;
}

function escaped(text: string): string {
  return escapedCode(plainText(text));
}

function escapedCode(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** The few colours of the plots are attributes, which a style sheet overrides: so they turn dark with the page. */
const inTheDark: readonly [string, string][] = [
  [colours.paper, '#16181c'],
  [colours.ink, '#dcdfe4'],
  [colours.soft, '#8b919a'],
  [colours.line, '#343941'],
  [colours.box, '#25364a'],
];

const style = `body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: ${colours.ink}; background: ${colours.paper}; }
main { max-width: 960px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 1.7em; margin: 0 0 .6em; overflow-wrap: anywhere; }
h2 { font-size: 1.25em; margin: 2em 0 .6em; border-bottom: 1px solid ${colours.line}; }
p, li { overflow-wrap: anywhere; }
table { border-collapse: collapse; font-size: .92em; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid ${colours.line}; vertical-align: top; }
.right { text-align: right; white-space: nowrap; }
.wide { overflow-x: auto; }
.plots { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: flex-start; }
figure { margin: 0; width: min-content; max-width: 100%; }
svg { display: block; }
figcaption, summary { font-size: .9em; color: ${colours.soft}; }
figcaption { margin-bottom: 1em; }
pre { overflow-x: auto; padding: 12px; border: 1px solid ${colours.line}; border-radius: 6px; font-size: .88em; }
@media (prefers-color-scheme: dark) {
body { color: #dcdfe4; background: #16181c; }
h2, th, td, pre { border-color: #343941; }
figcaption, summary { color: #8b919a; }
${inTheDark.map(([light, dark]) => `svg [fill="${light}"] { fill: ${dark}; } svg [stroke="${light}"] { stroke: ${dark}; }`).join('\n')}
}`;
