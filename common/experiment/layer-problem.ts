/** What is wrong in a list of layers, before it is put into words for the user. */
import type { z } from 'zod';
import { dotted, type Described } from './described.js';
import { requirement, show } from './requirement.js';

/** A line; or a layer that is none of those that there are; or what zod said of the options at the path. */
export type LayerProblem =
  | { line: Described }
  | { path: PropertyKey[]; layers: string[] }
  | { path: PropertyKey[]; options: unknown; issue: z.core.$ZodIssue };

/** Without the experiment around it; describe-issues.ts has better words where that is known. */
export function lineOf(problem: LayerProblem): string {
  if ('line' in problem) return problem.line.message;
  if ('layers' in problem) {
    return `${dotted(problem.path)}: there is no such layer; the layers are ${problem.layers.join(', ')}`;
  }
  const { path, options, issue } = problem;
  const at = dotted([...path, ...issue.path]);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${at}.${key}: ${String(path.at(-1))} has no such option`).join('\n');
  }
  const value = issue.path.reduce<unknown>((object, key) => (object as Record<PropertyKey, unknown>)?.[key], options);
  return `${at}: ${value === undefined ? 'is missing' : `is ${show(value)}`}, ${requirement(issue, value)}`;
}
