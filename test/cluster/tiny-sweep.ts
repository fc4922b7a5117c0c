/** A sweep whose trials take a fraction of a second: a few hundred samples, a model of a few weights, a few steps. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadTemplate } from '../../common/experiment/load.js';
import { searchSchema } from '../../common/experiment/search-schema.js';
import { CounterRandom, Purpose } from '../../common/random.js';

export interface TinySweep {
  /** As a sweep is submitted. */
  experiment: Record<string, unknown>;
  folder: string;
  file: string;
}

const samples = 240;

/** A folder of its own, and in it an experiment with its data. `search` as in an experiment file; `more` replaces members of the experiment. */
export async function tinySweep(
  within: string,
  search: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Promise<TinySweep> {
  mkdirSync(within, { recursive: true });
  const folder = mkdtempSync(join(within, 'tiny-'));
  writeFileSync(join(folder, 'clouds.csv'), clouds());
  const file = join(folder, 'tiny.yaml');
  writeFileSync(
    file,
    stringify({
      ...{ name: 'tiny', seed: 231, data: { source: 'csv', path: 'clouds.csv', header: false, validation: 80 } },
      model: [{ dense: { units: 4, activation: 'relu' } }, { dense: { units: 3 } }],
      loss: 'softmaxCrossEntropy',
      metrics: ['accuracy'],
      objective: { metric: 'validation.loss', direction: 'minimise' },
      optimizer: { momentum: { learningRate: '$learningRate', momentum: '$momentum' } },
      train: { epochs: search['schedule'] === undefined ? 2 : 4, batchSize: 80, microBatchSize: 40 },
      ...more,
      search: {
        space: { learningRate: { logUniform: [1e-3, 1] }, momentum: { uniform: [0, 0.95] } },
        ...search,
      },
    }),
  );
  const template = await loadTemplate(file, []);
  const value = template.value as Record<string, unknown>;
  return {
    experiment: { ...value, search: searchSchema.parse(template.search) },
    folder: template.folder,
    file,
  };
}

/** Three clouds of points that overlap. */
function clouds(): string {
  const lines = Array.from({ length: samples }, (_, sample) => {
    const random = new CounterRandom(1, Purpose.test, sample);
    const label = sample % 3;
    const point = Array.from({ length: 4 }, (_each, axis) => random.uniform() + (axis === label ? 0.5 : 0));
    return [...point.map((value) => value.toFixed(4)), label].join(',');
  });
  return `${lines.join('\n')}\n`;
}
