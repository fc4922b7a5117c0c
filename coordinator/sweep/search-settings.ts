/** What of an experiment's `search` may be changed while the sweep runs, as its settings begin. */
import { checkTemplate } from '../../common/experiment/check.js';
import { checkExternal } from '../../common/experiment/external-schema.js';
import { searchSchema } from '../../common/experiment/search-schema.js';

const names = ['trials', 'parallel', 'budget', 'price', 'keep', 'retries', 'sameFailures'] as const;

/** `folder` is undefined of an external sweep. Errors: `usage` for an experiment that is wrong. */
export function searchSettings(
  experiment: Record<string, unknown>,
  folder: string | undefined,
): Record<string, unknown> {
  const search: Record<string, unknown> =
    folder === undefined ? checkExternal(experiment).search : searchSchema.parse(checkTemplate(experiment, { folder }));
  return Object.fromEntries(names.flatMap((name) => (search[name] === undefined ? [] : [[name, search[name]]])));
}
