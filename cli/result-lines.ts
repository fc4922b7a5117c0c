/** A run's results as names and values, the same for every command that shows them. */
import { averageOf, metricNames } from '../common/experiment/metrics.js';
import { duration } from './live-view.js';
import type { RunResults } from './run-facts.js';
import { scoresOfSplit, wordsOf } from './scores.js';
import { score } from './table.js';

export function resultLines(results: RunResults): [string, string | undefined][] {
  const { step, epoch, loss, metrics, validation, test, weightsSha256, averageSha256, seconds } = results;
  const scores = (value: number | null, others: object) =>
    [['loss', value] as const, ...scoresOfSplit(others)]
      .flatMap(([name, each]) => (typeof each === 'number' ? [`${name} ${score(each)}`] : []))
      .join('  ');
  return [
    ['step', `${step}${epoch === null ? '' : ` (${epoch} ${epoch === 1 ? 'epoch' : 'epochs'})`}`],
    ['training', scores(loss, metrics)],
    ['validation', validation ? scores(validation.loss, validation) : undefined],
    ['test', test ? testScores(test) : undefined],
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

function testScores(test: NonNullable<RunResults['test']>): string {
  return metricNames
    .filter((name) => typeof test[name] === 'number')
    .map((name) => `${wordsOf(name)} ${score(test[name])}  running average ${score(test[averageOf(name)])}`)
    .join('  ');
}
