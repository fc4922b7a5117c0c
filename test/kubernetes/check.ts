/** One claim about the chart, and how it is tried on a cluster. */
import type { Finding } from '../campaign/finding.js';

export interface Check {
  /** A sentence. */
  name: string;
  /** What was seen. Errors: why the claim does not hold. */
  run: () => string | Promise<string>;
}

export function demand(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(otherwise);
}

export async function findingOf({ name, run }: Check): Promise<Finding> {
  try {
    return { name, passed: true, result: oneLine(await run()) };
  } catch (error) {
    return { name, passed: false, result: oneLine(error instanceof Error ? error.message : String(error)) };
  }
}

/** As a cell of a table. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '/').slice(0, 600);
}
