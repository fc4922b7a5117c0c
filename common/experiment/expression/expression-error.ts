/** What is wrong in a formula, and at which of its characters, counted from 1. */
export class ExpressionError extends Error {
  constructor(
    readonly column: number,
    message: string,
  ) {
    super(message);
    this.name = 'ExpressionError';
  }
}
