/** The value of a formula's tree. */
import { exactPower } from '../../exact-math.js';
import { closest } from '../suggest-value.js';
import type { ExpressionScope, ExpressionValue } from './expression.js';
import { ExpressionError } from './expression-error.js';
import { functions } from './functions.js';
import type { Node } from './parser.js';

const arithmetic: Record<string, (left: number, right: number) => number> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '**': exactPower,
};

const comparison: Record<string, (left: number, right: number) => boolean> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

/** Errors: ExpressionError. */
export function evaluate(node: Node, scope: ExpressionScope): ExpressionValue {
  switch (node.kind) {
    case 'value':
      return node.value;
    case 'reference':
      return lookUp(node, scope);
    case 'unary': {
      if (node.operator === 'not') return !truth(node.operand, scope);
      const value = number(node.operand, scope);
      return node.operator === '-' ? -value : value;
    }
    case 'binary':
      return binary(node, scope);
    case 'call':
      return call(node, scope);
  }
}

function binary(node: Node & { kind: 'binary' }, scope: ExpressionScope): ExpressionValue {
  const { operator, left, right, column } = node;
  if (operator === 'and') return truth(left, scope) && truth(right, scope);
  if (operator === 'or') return truth(left, scope) || truth(right, scope);
  if (operator === '==' || operator === '!=') return isEqual(node, scope) === (operator === '==');
  const compare = comparison[operator];
  if (compare) return compare(number(left, scope), number(right, scope));
  return finite(arithmetic[operator]!(number(left, scope), number(right, scope)), `'${operator}'`, column);
}

function call({ name, arguments: values, column }: Node & { kind: 'call' }, scope: ExpressionScope): ExpressionValue {
  const { apply } = functions[name]!;
  if (apply) return finite(apply(...values.map((value) => number(value, scope))), `'${name}'`, column);
  const [condition, then, otherwise] = values as [Node, Node, Node];
  return evaluate(truth(condition, scope) ? then : otherwise, scope);
}

function lookUp({ name, column }: Node & { kind: 'reference' }, scope: ExpressionScope): ExpressionValue {
  if (!Object.hasOwn(scope, name)) {
    const near = closest(name, Object.keys(scope));
    const meant = near === undefined ? '' : `; did you mean $${near}?`;
    throw new ExpressionError(column, `there is no parameter $${name}${meant}`);
  }
  const value = scope[name];
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : 'a map';
  throw new ExpressionError(column, `$${name} is ${kind}, which cannot be computed with`);
}

function isEqual({ left, right, column }: Node & { kind: 'binary' }, scope: ExpressionScope): boolean {
  const [one, other] = [evaluate(left, scope), evaluate(right, scope)];
  if (typeof one === typeof other) return one === other;
  throw new ExpressionError(column, `${show(one)} and ${show(other)} are of different kinds and never equal`);
}

function number(node: Node, scope: ExpressionScope): number {
  const value = evaluate(node, scope);
  if (typeof value === 'number') return value;
  throw new ExpressionError(node.column, `${show(value)} is not a number`);
}

function truth(node: Node, scope: ExpressionScope): boolean {
  const value = evaluate(node, scope);
  if (typeof value === 'boolean') return value;
  throw new ExpressionError(node.column, `${show(value)} is not true or false; compare it, as in $a > 0`);
}

function finite(value: number, what: string, column: number): number {
  if (Number.isFinite(value)) return value;
  throw new ExpressionError(column, `${what} gives ${Number.isNaN(value) ? 'no number' : 'an infinite number'} here`);
}

function show(value: ExpressionValue): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
