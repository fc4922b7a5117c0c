/** Metrics as people read them. */
import { metricNames } from '../common/experiment/metrics.js';
import { partsOfStage } from '../common/experiment/stages.js';

/** The metrics among the keys of an event or a split, in words, such as `mean absolute error`. */
export function scoresIn(values: object | null | undefined): [string, number][] {
  const known = (values ?? {}) as Record<string, unknown>;
  return metricNames.flatMap((name): [string, number][] => {
    const value = known[name];
    return typeof value === 'number' ? [[wordsOf(name), value]] : [];
  });
}

/**
 * Of a split, which holds nothing but its loss and metrics: also those of a module, by the names that it gives them. What is of
 * one stage of several stands in a table of its own.
 */
export function scoresOfSplit(split: object | null | undefined): [string, number][] {
  const own = Object.entries((split ?? {}) as Record<string, unknown>).flatMap(([name, value]): [string, number][] => {
    const isKnown =
      name === 'loss' ||
      partsOfStage(name) !== undefined ||
      (metricNames as string[]).includes(name) ||
      name.startsWith('average');
    return isKnown || typeof value !== 'number' ? [] : [[name, value]];
  });
  return [...scoresIn(split), ...own];
}

/** `rootMeanSquaredError` as `root mean squared error`; a stage's name stays as it is. */
export function wordsOf(name: string): string {
  const parts = partsOfStage(name);
  if (parts) return `${wordsOf(parts.metric)} ${parts.stage}`;
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
