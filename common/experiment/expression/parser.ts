/** A formula's tokens as a tree, by Pratt's method: every operator has a number that says how tightly it binds. */
import { closest } from '../suggest-value.js';
import { ExpressionError } from './expression-error.js';
import { functions } from './functions.js';
import { tokensOf, type Token } from './lexer.js';

export type Node = { column: number } & (
  | { kind: 'value'; value: number | boolean | string }
  | { kind: 'reference'; name: string }
  | { kind: 'unary'; operator: '-' | '+' | 'not'; operand: Node }
  | { kind: 'binary'; operator: string; left: Node; right: Node }
  | { kind: 'call'; name: string; arguments: Node[] }
);

/** Brackets and operators within one another. */
export const depthMax = 50;

/** How tightly an operator holds on to what is at its left, and to what is at its right. */
const binding: Record<string, { left: number; right: number }> = {
  or: { left: 1, right: 2 },
  and: { left: 3, right: 4 },
  ...Object.fromEntries(['<', '<=', '>', '>=', '==', '!='].map((comparison) => [comparison, { left: 7, right: 8 }])),
  '+': { left: 9, right: 10 },
  '-': { left: 9, right: 10 },
  '*': { left: 11, right: 12 },
  '/': { left: 11, right: 12 },
  '%': { left: 11, right: 12 },
  // From right to left, and before a sign at its left: 2 ** 3 ** 2 is 512, -2 ** 2 is -4.
  '**': { left: 16, right: 15 },
};
const unaryBinding = { not: 5, '-': 14, '+': 14 };
const comparisons = new Set(['<', '<=', '>', '>=', '==', '!=']);

/** `onReference` is told of every parameter. Errors: ExpressionError. */
export function parse(text: string, onReference: (name: string, column: number) => void): Node {
  return new Parser(tokensOf(text), onReference).parse();
}

class Parser {
  private at = 0;
  private depth = 0;

  constructor(
    private readonly tokens: Token[],
    private readonly onReference: (name: string, column: number) => void,
  ) {}

  parse(): Node {
    const root = this.expression(0);
    const rest = this.peek();
    if (rest.kind === 'end') return root;
    const advice = rest.text === ')' ? "no '(' belongs to it" : 'an operator such as + or * must stand before it';
    throw new ExpressionError(rest.column, `'${written(rest)}' is not expected here; ${advice}`);
  }

  private expression(weakest: number): Node {
    if (++this.depth > depthMax) {
      throw new ExpressionError(this.peek().column, `is nested deeper than ${depthMax} brackets and operators`);
    }
    let left = this.operand();
    for (;;) {
      const operator = this.peek();
      const strength = operatorBinding(operator);
      if (!strength || strength.left < weakest) break;
      this.next();
      const right = this.expression(strength.right);
      refuseChain(left, operator);
      left = { kind: 'binary', operator: operator.text, left, right, column: operator.column };
    }
    this.depth -= 1;
    return left;
  }

  private operand(): Node {
    const token = this.next();
    const { column, text } = token;
    if (token.kind === 'number') return { kind: 'value', value: Number(text), column };
    if (token.kind === 'text') return { kind: 'value', value: text, column };
    if (token.kind === 'reference') {
      this.onReference(text, column);
      return { kind: 'reference', name: text, column };
    }
    if (text === 'true' || text === 'false') return { kind: 'value', value: text === 'true', column };
    if (text === '-' || text === '+' || text === 'not') {
      return { kind: 'unary', operator: text, operand: this.expression(unaryBinding[text]), column };
    }
    if (token.kind === 'word' && !Object.hasOwn(binding, text)) return this.call(token);
    if (token.kind === 'symbol' && text === '(') {
      const inner = this.expression(0);
      this.close(column);
      return inner;
    }
    if (token.kind === 'end') throw new ExpressionError(column, 'something is missing at the end');
    throw new ExpressionError(column, `a number or a parameter is missing before '${text}'`);
  }

  private call({ text: name, column }: Token): Node {
    const follows = this.peek();
    const called = follows.kind === 'symbol' && follows.text === '(';
    if (!Object.hasOwn(functions, name)) throw new ExpressionError(column, unknownWord(name, called));
    if (!called) throw new ExpressionError(column, `'${name}' is a function; write ${functions[name]!.usage}`);
    this.next();
    const values: Node[] = [];
    if (!this.accept(')')) {
      do values.push(this.expression(0));
      while (this.accept(','));
      this.close(follows.column);
    }
    const { least, most = Infinity, usage } = functions[name]!;
    if (values.length < least || values.length > most) {
      throw new ExpressionError(column, `'${name}' has ${values.length} arguments; write ${usage}`);
    }
    return { kind: 'call', name, arguments: values, column };
  }

  private close(opened: number): void {
    if (this.accept(')')) return;
    const { kind, column } = this.peek();
    const found = kind === 'end' ? '' : `, not '${written(this.peek())}'`;
    throw new ExpressionError(column, `')' is missing here${found}, for the '(' at column ${opened}`);
  }

  private accept(symbol: string): boolean {
    const { kind, text } = this.peek();
    if (kind !== 'symbol' || text !== symbol) return false;
    this.next();
    return true;
  }

  private peek(): Token {
    return this.tokens[this.at]!;
  }

  private next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.at += 1;
    return token;
  }
}

function operatorBinding({ kind, text }: Token): { left: number; right: number } | undefined {
  return (kind === 'symbol' || kind === 'word') && Object.hasOwn(binding, text) ? binding[text] : undefined;
}

/** `1 < $x < 3` would compare true with 3. */
function refuseChain(left: Node, operator: Token): void {
  if (!comparisons.has(operator.text) || left.kind !== 'binary' || !comparisons.has(left.operator)) return;
  throw new ExpressionError(operator.column, "comparisons do not chain; write '$a < $b and $b < $c'");
}

function unknownWord(name: string, called: boolean): string {
  const near = closest(name, Object.keys(functions));
  if (called) {
    const meant =
      near === undefined ? `the functions are ${Object.keys(functions).join(', ')}` : `did you mean '${near}'?`;
    return `there is no function '${name}'; ${meant}`;
  }
  return `'${name}' is no number; a parameter is written $${name}, a text '${name}' in quotes`;
}

function written({ kind, text }: Token): string {
  return kind === 'reference' ? `$${text}` : text;
}
