/**
 * Names of layers and weights by pattern: `*` stands for one character or more, all else for itself. A second pattern with
 * as many stars, or fewer, says what a name is called elsewhere. No regular expression of a user's is ever run.
 */

const starsMax = 8;

/** What is wrong with a pair of patterns, or undefined. */
export function patternProblem(pattern: string, elsewhere = ''): string | undefined {
  const [here, there] = [stars(pattern), stars(elsewhere)];
  if (here > starsMax) return `'${pattern}' has ${here} stars, the most is ${starsMax}`;
  if (there > here) return `'${elsewhere}' has ${there} stars, '${pattern}' only ${here}`;
  return undefined;
}

/** What the stars stand for in the name; undefined where it does not match. The first star takes as little as it can. */
export function matchPattern(pattern: string, name: string): string[] | undefined {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[$()+./?[\\\]^{|}-]/g, String.raw`\$&`));
  const found = new RegExp(`^${parts.join('(.+?)')}$`).exec(name);
  return found ? found.slice(1) : undefined;
}

/** The other pattern with its stars filled, in their order. */
export function fillPattern(pattern: string, filling: readonly string[]): string {
  let next = 0;
  return pattern.replaceAll('*', () => filling[next++] ?? '');
}

function stars(pattern: string): number {
  return pattern.split('*').length - 1;
}
