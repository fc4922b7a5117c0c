/** What of an experiment's `search` may be changed while the sweep runs, as its settings begin. */
import { checkTemplate } from '../../common/experiment/check.js';
import { searchSchema } from '../../common/experiment/search-schema.js';

const names = ['trials', 'parallel', 'budget', 'price', 'keep', 'retries', 'sameFailures'] as const;

/** Errors: `usage` for an experiment that is wrong. */
export function searchSettings(experiment: Record<string, unknown>, folder: string): Record<string, unknown> {
  const search: Record<string, unknown> = searchSchema.parse(checkTemplate(experiment, { folder }));
  return Object.fromEntries(names.flatMap((name) => (search[name] === undefined ? [] : [[name, search[name]]])));
}
