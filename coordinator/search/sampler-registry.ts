/** The samplers by name. */
import { PolyakError } from '../../common/errors.js';
import { samplerNameOf, type SamplerName } from '../../common/experiment/sampler-schema.js';
import type { Search } from '../../common/experiment/search-schema.js';
import type { Sampler, SamplerInput } from './sampler.js';
import { gridSampler } from './samplers/grid.js';
import { latinHypercubeSampler } from './samplers/latin-hypercube.js';
import { listSampler } from './samplers/list.js';
import { randomSampler } from './samplers/random.js';
import { sobolSampler } from './samplers/sobol.js';
import { compileSpace } from './space.js';

const samplers: Record<SamplerName, (input: SamplerInput) => Sampler> = {
  random: randomSampler,
  grid: gridSampler,
  sobol: sobolSampler,
  latinHypercube: latinHypercubeSampler,
  list: listSampler,
};

/** What of a search decides the values of its trials. */
export type SampledSearch = Pick<Search, 'trials' | 'sampler' | 'space' | 'constraints'>;

/**
 * The sampler that the search names. `list` is the text of its list of trials. Errors: `usage`, where it has fewer trials
 * than the search, or the list is wrong.
 */
export function samplerFor(search: SampledSearch, seed: number, list?: string): Sampler {
  const { trials, sampler = 'random' } = search;
  const name = samplerNameOf(sampler);
  const made = samplers[name]({ space: compileSpace(search), seed, trials, sampler, list });
  if (made.size === undefined || trials <= made.size) return made;
  const within = search.constraints?.length && name === 'grid' ? ' that the constraints allow' : '';
  throw new PolyakError(
    'usage',
    `search.trials: is ${trials}, the ${name} has ${made.size} trials${within}; write trials: ${made.size}`,
  );
}
