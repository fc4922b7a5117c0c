/** What the sweep did and what it took: rounds, bounds, failures, trials stopped early, budgets and cost, and how to repeat it. */
import type { StopReason } from '../../coordinator/search/log.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import { countText, counted, durationText, listText, numberText, plainText } from './plain-text.js';
import { paragraph, type Block } from './report-block.js';
import type { SweepAnalysis } from './sweep-analysis.js';
import type { BudgetFacts, CostFacts, SweepFacts } from './sweep-facts.js';
import { groupedByReason, isFailure } from './trial-results.js';

const groupsMax = 20;
const numbersMax = 8;
const reasonMax = 300;

export function accountSections({ facts, trials }: SweepAnalysis): Block[] {
  return [
    ...listSection(
      'Rounds',
      facts.rounds.map((lines) => lines.join('; ')),
    ),
    ...edgeSection(facts),
    ...failureSection(trials),
    ...stoppedSection(trials),
    ...costSection(facts),
    ...repeatSection(facts),
  ];
}

function listSection(title: string, items: string[]): Block[] {
  if (items.length === 0) return [];
  return [
    { kind: 'heading', text: title },
    { kind: 'list', items },
  ];
}

function edgeSection({ edges }: SweepFacts): Block[] {
  if (edges.length === 0) return [];
  const text =
    'The best may lie outside of a range when the best value found lies at its bound: look there before you trust it.';
  return [{ kind: 'heading', text: 'Ranges to widen' }, paragraph(text), { kind: 'list', items: [...edges] }];
}

function failureSection(trials: readonly TrialRow[]): Block[] {
  const failed = trials.filter(isFailure);
  if (failed.length === 0) return [];
  const text = `${countText(failed.length)} of ${counted(trials.length, 'trial')} came to nothing. They are left out of every plot and of the importance.`;
  return [{ kind: 'heading', text: 'Failures' }, paragraph(text), reasonTable(failed)];
}

function stoppedSection(trials: readonly TrialRow[]): Block[] {
  const stopped = trials.filter((trial) => trial.status === 'stopped' && !isFailure(trial));
  if (stopped.length === 0) return [];
  return [{ kind: 'heading', text: 'Stopped early' }, reasonTable(stopped)];
}

function reasonTable(trials: readonly TrialRow[]): Block {
  const groups = groupedByReason(trials);
  const rest = groups.slice(groupsMax).flatMap((group) => group.trials);
  const row = (numbers: number[], reason: string) => [countText(numbers.length), reason, listText(numbers, numbersMax)];
  return {
    kind: 'table',
    columns: [{ title: 'trials', isRight: true }, { title: 'reason' }, { title: 'which' }],
    rows: [
      ...groups.slice(0, groupsMax).map(({ reason, trials: numbers }) => row(numbers, reasonText(reason))),
      ...(rest.length > 0 ? [row(rest, `${countText(groups.length - groupsMax)} other reasons`)] : []),
    ],
  };
}

const stopReasons: Readonly<Record<StopReason, string>> = {
  notFinite: 'the objective or the training loss was not a number',
  diverged: 'the training loss was far beyond its first',
  median: "worse than the median of the others' averages so far",
  threshold: 'worse than the threshold',
  patience: 'no better for as long as patience lasts',
  rank: 'not among the best of its rung',
  unpromoted: 'at a rung when there was nothing left to promote',
  roundOver: 'its round was over',
};

function reasonText(reason: string): string {
  return Object.hasOwn(stopReasons, reason) ? stopReasons[reason as StopReason] : plainText(reason, reasonMax);
}

function costSection(facts: SweepFacts): Block[] {
  const { usefulSeconds, wastedSeconds, budgets, cost } = facts;
  const all = usefulSeconds + wastedSeconds;
  const part = all > 0 ? `, ${numberText((100 * usefulSeconds) / all, 3)} % of all` : '';
  const compute = `Compute: ${durationText(usefulSeconds)} useful${part}; ${durationText(wastedSeconds)} wasted.`;
  return [
    { kind: 'heading', text: 'Budgets and cost' },
    paragraph(compute),
    ...(cost ? [paragraph(costText(cost))] : []),
    ...(budgets.length > 0 ? [budgetTable(budgets)] : []),
  ];
}

function costText({ pricePerWorkerHour, spent, projected, currency }: CostFacts): string {
  const amount = (value: number) => `${value.toFixed(2)}${currency === undefined ? '' : ` ${currency}`}`;
  const whole = projected === null ? '' : `; the whole sweep is projected at ${amount(projected)}`;
  return `Cost: ${amount(spent)} spent, at ${amount(pricePerWorkerHour)} for an hour of a worker${whole}.`;
}

function budgetTable(budgets: readonly BudgetFacts[]): Block {
  return {
    kind: 'table',
    columns: [{ title: 'budget' }, ...['limit', 'spent', 'part'].map((title) => ({ title, isRight: true }))],
    rows: budgets.map(({ name, limit, spent, unit }) => [
      ...[name, amountText(limit, unit), amountText(spent, unit)],
      limit > 0 ? `${numberText((100 * spent) / limit, 3)} %` : '–',
    ]),
  };
}

function amountText(amount: number, unit: string | undefined): string {
  if (unit === 'seconds') return durationText(amount);
  return `${numberText(amount)}${unit === undefined ? '' : ` ${unit}`}`;
}

function repeatSection({ reproducibility, command, experiment }: SweepFacts): Block[] {
  const isSame = reproducibility.kind === 'same for any workers';
  const text = isSame
    ? 'The same table comes out again, for any number of workers:'
    : 'The recorded decisions are taken again, and each is checked against what it saw:';
  const written = command ?? `polyak sweep FILE${isSame ? '' : ' --replay'}`;
  return [
    { kind: 'heading', text: 'How to repeat it' },
    paragraph(text),
    { kind: 'code', language: 'sh', text: plainText(written) },
    { kind: 'code', language: 'json', title: 'The experiment', text: indented(experiment) },
  ];
}

/** What is no JSON is shown as it is. */
function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
