/** What a reader wants first: the best trial and its parameters, how the trials ended, and the ten best. */
import { allParameters, parametersOfSpace } from '../../common/experiment/space-tree.js';
import { describeReproducibility } from '../../coordinator/search/reproducibility.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import { countText, counted, durationText, numberText, plainText, timeText } from './plain-text.js';
import { paragraph, type Block } from './report-block.js';
import { chosenAxes, type SweepAnalysis } from './sweep-analysis.js';
import type { SweepFacts } from './sweep-facts.js';
import { statusCounts, type TrialWithResult } from './trial-results.js';

const bestTrials = 10;
const tableParameters = 8;

export function summarySections(analysis: SweepAnalysis): Block[] {
  const { facts, trials, results } = analysis;
  const [best] = results;
  return [
    paragraph(
      best ? headlineOf(best, analysis) : `No trial has a result to show, of ${counted(trials.length, 'trial')}.`,
    ),
    ...(best ? [parametersOf(best, facts)] : []),
    paragraph(`${stateOf(facts)} ${countText(trials.length)} trials: ${endsOf(trials)}.`),
    paragraph(describeReproducibility(facts.reproducibility)),
    courseOf(facts),
    ...(best ? [{ kind: 'heading' as const, text: 'Best trials' }, ...bestTableOf(analysis)] : []),
  ];
}

function headlineOf(best: TrialWithResult, { facts, results }: SweepAnalysis): string {
  const { metric, direction, weights } = facts;
  const spread = best.deviation === null ? '' : ` ± ${numberText(best.deviation, 2)} over its folds or repetitions`;
  const better = direction === 'maximise' ? 'higher is better' : 'lower is better';
  const average = weights === 'average' ? ', of the running average of the weights' : '';
  const lead = `Best ${metric}: ${numberText(best.value)}${spread}, by trial ${best.number} after ${counted(best.epoch, 'epoch')}`;
  return `${lead}${average}. It is the best of ${counted(results.length, 'trial')} with a result; ${better}.`;
}

function parametersOf({ columns }: TrialWithResult, { space }: SweepFacts): Block {
  const drawn = allParameters(parametersOfSpace(space));
  const rows = Object.entries(columns).map(([name, value]) => {
    const from = drawn.filter((each) => each.name === name).map(({ distribution }) => distributionText(distribution));
    return [name, String(value), plainText(from.join(' or '), 120)];
  });
  return {
    kind: 'table',
    columns: [{ title: 'parameter' }, { title: 'best trial', isRight: true }, { title: 'drawn from' }],
    rows,
  };
}

/** `logUniform [0.0001, 0.01]`; a value alone as it is. */
function distributionText(distribution: unknown): string {
  if (typeof distribution !== 'object' || distribution === null) return String(distribution);
  return Object.entries(distribution)
    .map(([name, value]) => `${name} ${JSON.stringify(value).replaceAll(',', ', ')}`)
    .join(', ');
}

function stateOf({ state, reason }: SweepFacts): string {
  return `The sweep is ${state}${reason === null ? '' : `: ${reason}`}.`;
}

function endsOf(trials: readonly TrialRow[]): string {
  return statusCounts(trials)
    .map(([status, count]) => `${countText(count)} ${status}`)
    .join(', ');
}

function courseOf({ createdAt, endedAt, schedule, sampler, metric, direction }: SweepFacts): Block {
  const seconds = endedAt === null ? NaN : (Date.parse(endedAt) - Date.parse(createdAt)) / 1000;
  const took = Number.isNaN(seconds) ? '' : `, ${durationText(seconds)} after it began`;
  const rows = [
    ['objective', `${direction} ${metric}`],
    ['schedule', schedule],
    ['sampler', sampler],
    ['began', timeText(createdAt)],
    ['ended', endedAt === null ? 'not yet' : `${timeText(endedAt)}${took}`],
  ];
  return { kind: 'table', columns: [{ title: 'sweep' }, { title: '' }], rows };
}

function bestTableOf(analysis: SweepAnalysis): Block[] {
  const rows = analysis.results.slice(0, bestTrials);
  const axes = chosenAxes(analysis, tableParameters);
  const { metric } = analysis.facts;
  const isSpread = rows.some(({ deviation }) => deviation !== null);
  const columns = [
    ...['trial', metric, ...(isSpread ? ['±'] : []), 'best on the way', 'in epoch', 'epochs', 'compute'],
    ...axes.map(({ name }) => name),
  ];
  const cells = rows.map((trial) => [
    ...[String(trial.number), numberText(trial.value)],
    ...(isSpread ? [trial.deviation === null ? '–' : numberText(trial.deviation, 2)] : []),
    ...[trial.best === null ? '–' : numberText(trial.best), String(trial.bestEpoch), String(trial.epoch)],
    durationText(trial.computeSeconds),
    ...axes.map(({ name }) => columnText(trial.columns[name])),
  ]);
  const left = analysis.axes.length - axes.length;
  return [
    { kind: 'table', columns: columns.map((title) => ({ title, isRight: true })), rows: cells },
    ...(left > 0 ? [paragraph(`Left out: ${counted(left, 'more parameter')}.`)] : []),
  ];
}

function columnText(value: TrialRow['columns'][string] | undefined): string {
  if (value === undefined) return '–';
  return typeof value === 'number' ? numberText(value, 5) : plainText(String(value), 40);
}
