/** A formula's text as tokens. */
import { ExpressionError } from './expression-error.js';

export interface Token {
  kind: 'number' | 'text' | 'reference' | 'word' | 'symbol' | 'end';
  /** As it is computed with: a reference without its dollar, a text without its quotes. */
  text: string;
  column: number;
}

/** In characters. */
export const lengthMax = 1000;

const patterns: [Token['kind'] | 'space', RegExp][] = [
  ['space', /\s+/y],
  ['number', /(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y],
  ['reference', /\$[A-Za-z_]\w*/y],
  ['word', /[A-Za-z_]\w*/y],
  ['text', /'[^']*'|"[^"]*"/y],
  ['symbol', /\*\*|<=|>=|==|!=|[-+*/%(),<>]/y],
];

/** What others write, and what it is called here. */
const foreign: [RegExp, (found: string) => string][] = [
  [/\$\{\s*[A-Za-z_]\w*\s*\}/y, (found) => `write $${found.slice(2, -1).trim()}`],
  [/&&/y, () => "write 'and'"],
  [/\|\|/y, () => "write 'or'"],
  [/!/y, () => "write 'not'"],
  [/=/y, () => "write '==' to compare"],
  [/\^/y, () => "write '**' for a power"],
  [/\?/y, () => 'write if(condition, then, else)'],
  [/['"]/y, () => 'the quote is never closed'],
];

/** The last token is `end`. Errors: ExpressionError. */
export function tokensOf(text: string): Token[] {
  if (text.length > lengthMax) {
    throw new ExpressionError(lengthMax + 1, `has ${text.length} characters, the most is ${lengthMax}`);
  }
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    const { kind, found } = tokenAt(text, at);
    if (kind !== 'space') tokens.push({ kind, text: contentOf(kind, found), column: at + 1 });
    at += found.length;
  }
  return [...tokens, { kind: 'end', text: '', column: text.length + 1 }];
}

function tokenAt(text: string, at: number): { kind: Token['kind'] | 'space'; found: string } {
  for (const [kind, pattern] of patterns) {
    const found = matchAt(pattern, text, at);
    if (found !== undefined) return { kind, found };
  }
  for (const [pattern, advice] of foreign) {
    const found = matchAt(pattern, text, at);
    if (found !== undefined) throw new ExpressionError(at + 1, `'${found}' is not understood; ${advice(found)}`);
  }
  throw new ExpressionError(at + 1, `'${String.fromCodePoint(text.codePointAt(at) ?? 0)}' is not understood`);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function contentOf(kind: Token['kind'], found: string): string {
  if (kind === 'reference') return found.slice(1);
  return kind === 'text' ? found.slice(1, -1) : found;
}
