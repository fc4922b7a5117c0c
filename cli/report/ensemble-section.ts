/** What the best trials predict together, beside what each does alone; or why there is no such ensemble. */
import type { Evaluation } from '../../inference/evaluate.js';
import { wordsOf } from '../scores.js';
import { countText, numberText, plainText } from './plain-text.js';
import { paragraph, type Block } from './report-block.js';
import type { EnsembleFacts, SweepFacts } from './sweep-facts.js';

export function ensembleSection({ ensemble }: Pick<SweepFacts, 'ensemble'>): Block[] {
  if (!ensemble) return [];
  const heading: Block = { kind: 'heading', text: 'Ensemble of the best' };
  if ('why' in ensemble) return [heading, paragraph(`There is none: ${plainText(ensemble.why)}.`)];
  const text = `The mean prediction of the best ${countText(ensemble.members.length)} trials whose weights are kept, beside what each of them gives alone.`;
  return [heading, paragraph(text), ...tablesOf(ensemble)];
}

/** One for each split that has samples. */
function tablesOf({ members, splits }: EnsembleFacts): Block[] {
  return Object.values(splits).map(({ members: evaluated, ensemble }): Block => {
    const metrics = Object.keys(ensemble.metrics);
    const row = (name: string, { loss, metrics: measured }: Evaluation) => [
      ...[plainText(name), numberText(loss, 5)],
      ...metrics.map((metric) => measured[metric]).map((value) => (value == null ? '–' : numberText(value, 5))),
    ];
    return {
      kind: 'table',
      columns: [
        { title: `${ensemble.split}, ${countText(ensemble.samples)} samples` },
        ...['loss', ...metrics.map(wordsOf)].map((title) => ({ title, isRight: true })),
      ],
      rows: [...evaluated.map((each, index) => row(members[index] ?? '', each)), row('all together', ensemble)],
    };
  });
}
