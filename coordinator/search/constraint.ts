/** A formula that a trial's parameters must make true; and the error for constraints that nothing seems to hold. */
import { PolyakError } from '../../common/errors.js';
import { Expression, type ExpressionValue } from '../../common/experiment/expression/expression.js';
import { ExpressionError } from '../../common/experiment/expression/expression-error.js';
import type { Parameters } from '../../common/experiment/parameters.js';

export class Constraint {
  readonly #expression: Expression;

  constructor(readonly text: string) {
    this.#expression = Expression.parse(text);
  }

  /**
   * One that refers to a parameter which is not there in the trial asks nothing of it. Errors: `usage`, where it gives
   * neither true nor false.
   */
  holds(values: Parameters): boolean {
    const isThere = [...this.#expression.references.keys()].every((name) => Object.hasOwn(values, name));
    if (!isThere) return true;
    const result = this.#evaluate(values);
    if (typeof result === 'boolean') return result;
    throw new PolyakError(
      'usage',
      `search.constraints: '${this.text}' gives ${result}, must be true or false, such as $a < 8`,
    );
  }

  #evaluate(values: Parameters): ExpressionValue {
    try {
      return this.#expression.evaluate(values);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      const given = [...this.#expression.references.keys()]
        .map((name) => `$${name} = ${String(values[name])}`)
        .join(', ');
      const message = `search.constraints: in '${this.text}' at column ${error.column}: ${error.message} (${given})`;
      throw new PolyakError('usage', message, { cause: error });
    }
  }
}

/** Points that are tried for a trial before the constraints count as impossible. */
export const attemptsMax = 10_000;

/** Counts which constraints have refused points, to name the one that is to blame. */
export class Refusals {
  readonly #counts = new Map<Constraint, number>();
  #total = 0;

  count(constraint: Constraint): void {
    this.#counts.set(constraint, (this.#counts.get(constraint) ?? 0) + 1);
    this.#total += 1;
  }

  /** The error, as `usage`. */
  impossible(): PolyakError {
    const [worst, count] = [...this.#counts].toSorted(([, left], [, right]) => right - left)[0]!;
    const how = count === this.#total ? `'${worst.text}' is true of none` : `'${worst.text}' refused ${count}`;
    return new PolyakError(
      'usage',
      `search.constraints: none of ${this.#total} points in a row holds them all, ${how}; widen the space or loosen the constraint`,
    );
  }
}
