/** What the sections of a report have in common: trials in order, axes, what is shown, and how important parameters are. */
import type { TrialRow } from '../../coordinator/store/rows.js';
import { parameterAxes, type ParameterAxis } from './parameter-axis.js';
import { parameterImportance, type ImportanceResult } from './parameter-importance.js';
import { within, type ValuePlot } from './plot-scale.js';
import type { SweepFacts } from './sweep-facts.js';
import { hasResult, isComplete, ranked, shownRange, type TrialWithResult } from './trial-results.js';

export interface SweepAnalysis {
  facts: SweepFacts;
  /** All of them. */
  trials: readonly TrialRow[];
  /** Those with a result, the best first. */
  results: readonly TrialWithResult[];
  /** In the order of the space, of trials with a result. */
  axes: readonly ParameterAxis[];
  importance: ImportanceResult;
  plot: ValuePlot;
}

export function analysisOf(facts: SweepFacts, trials: readonly TrialRow[]): SweepAnalysis {
  const { metric, direction, space } = facts;
  const results = ranked(trials.filter(hasResult), direction);
  const shown = shownRange(
    results.map(({ value }) => value),
    direction,
  );
  const axes = parameterAxes(space, results);
  // A value that exploded would be all of the variance; and those of fewer epochs are of another kind.
  const samples = results
    .filter(isComplete)
    .toSorted((left, right) => left.number - right.number)
    .map(({ columns, value }) => ({ columns, value: within(shown, value) }));
  return {
    facts,
    trials,
    results,
    axes,
    importance: parameterImportance(axes, samples),
    plot: { metric, direction, shown },
  };
}

/** At most so many, the most important where that is known; in the order of the space. */
export function chosenAxes({ axes, importance }: SweepAnalysis, most: number): ParameterAxis[] {
  if (axes.length <= most) return [...axes];
  if (importance.kind !== 'measured') return axes.slice(0, most);
  const names = new Set(importance.parameters.slice(0, most).map(({ name }) => name));
  return axes.filter(({ name }) => names.has(name));
}
