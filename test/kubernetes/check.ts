/** One claim about the chart, and how it is tried on a cluster. */
export interface Check {
  /** A sentence. */
  name: string;
  /** What was seen. Errors: why the claim does not hold. */
  run: () => string | Promise<string>;
}

export function demand(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(otherwise);
}
