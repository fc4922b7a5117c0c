/**
 * `transfer.features` as a list: one model with a linear classifier for each of several stages, each trained as if it were
 * alone. What is measured of each is called by the metric and the stage, such as `accuracy.block4_bn`; without a stage's name
 * it is of the last one, by which the model predicts, and the loss is the sum of all.
 */
import { nameOf, type NamedOption } from './named-option.js';

interface Staged {
  transfer?: { features?: string | readonly string[] | undefined } | undefined;
}

/** Names of layers, in the order of the list; none where the model has one head. */
export function stagesOf({ transfer }: Staged): readonly string[] {
  const { features } = transfer ?? {};
  return Array.isArray(features) ? (features as readonly string[]) : [];
}

/** How many classifiers the model's outputs are of. */
export function headCount(experiment: Staged): number {
  return Math.max(1, stagesOf(experiment).length);
}

/** The experiment's metrics, then for each stage its loss, without the weights of samples, and its metrics. */
export function measuredMetrics({
  metrics = [],
  ...experiment
}: Staged & { metrics?: readonly NamedOption[] }): readonly NamedOption[] {
  const ofStages = stagesOf(experiment).flatMap((stage) =>
    ['loss', ...metrics].map((metric) => ofStage(metric, stage)),
  );
  return [...metrics, ...ofStages];
}

function ofStage(metric: NamedOption, stage: string): NamedOption {
  const name = `${nameOf(metric)}.${stage}`;
  return typeof metric === 'string' ? name : { [name]: Object.values(metric)[0] ?? {} };
}

/** `accuracy.block4_bn` in its two parts; undefined for what is of no stage. */
export function partsOfStage(name: string): { metric: string; stage: string } | undefined {
  const dot = name.indexOf('.');
  return dot < 0 ? undefined : { metric: name.slice(0, dot), stage: name.slice(dot + 1) };
}
