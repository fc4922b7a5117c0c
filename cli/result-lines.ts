/** A run's results as names and values, the same for every command that shows them. */
import { duration } from './live-view.js';
import type { RunResults } from './run-facts.js';
import { score } from './table.js';

export function resultLines(results: RunResults): [string, string | undefined][] {
  const { step, epoch, loss, accuracy, validation, test, weightsSha256, averageSha256, seconds } = results;
  const scores = (values: { loss?: number | null; accuracy?: number | null }) =>
    [
      ...(typeof values.loss === 'number' ? [`loss ${score(values.loss)}`] : []),
      ...(typeof values.accuracy === 'number' ? [`accuracy ${score(values.accuracy)}`] : []),
    ].join('  ');
  return [
    ['step', `${step}${epoch === null ? '' : ` (${epoch} ${epoch === 1 ? 'epoch' : 'epochs'})`}`],
    ['training', scores({ loss, accuracy })],
    ['validation', validation ? scores(validation) : undefined],
    ['test', test ? `accuracy ${score(test.accuracy)}  running average ${score(test.averageAccuracy)}` : undefined],
    ['weights', weightsSha256 === null ? undefined : `sha256 ${weightsSha256}`],
    ['average', averageSha256 === null ? undefined : `sha256 ${averageSha256}`],
    ['took', seconds > 0 ? duration(seconds) : undefined],
    [
      'arithmetic',
      results.reproducible === false ? 'not reproducible: workers with other arithmetic were admitted' : undefined,
    ],
    ['why', results.message ?? undefined],
  ];
}
