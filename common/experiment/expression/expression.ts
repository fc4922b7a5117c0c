/**
 * A formula over parameters, such as `2 * $width` or `$heads <= $width / 8`: numbers, text, true and false, and nothing
 * that could run code, loop or reach outside. The same formula of the same values has the same bits everywhere.
 */
import { evaluate } from './evaluate.js';
import { parse, type Node } from './parser.js';

export type ExpressionValue = number | boolean | string;

/** What a formula may refer to, by name without the dollar. Only numbers, text, true and false can be computed with. */
export type ExpressionScope = Readonly<Record<string, unknown>>;

export class Expression {
  private constructor(
    readonly text: string,
    private readonly root: Node,
    /** The parameters that it refers to, each once, in the order of the text, with the column of the first. */
    readonly references: ReadonlyMap<string, number>,
  ) {}

  /** Errors: ExpressionError, with the column. */
  static parse(text: string): Expression {
    const references = new Map<string, number>();
    const root = parse(text, (name, column) => references.has(name) || references.set(name, column));
    return new Expression(text, root, references);
  }

  /** Errors: ExpressionError, where a parameter is unknown, a type is wrong, or a number is not finite. */
  evaluate(scope: ExpressionScope): ExpressionValue {
    return evaluate(this.root, scope);
  }
}
