/** Metrics as people read them. */
import { metricNames } from '../common/experiment/metrics.js';

/** The metrics among the keys of an event or a split, in words, such as `mean absolute error`. */
export function scoresIn(values: object | null | undefined): [string, number][] {
  const known = (values ?? {}) as Record<string, unknown>;
  return metricNames.flatMap((name): [string, number][] => {
    const value = known[name];
    return typeof value === 'number' ? [[wordsOf(name), value]] : [];
  });
}

/** Of a split, which holds nothing but its loss and metrics: also those of a module, by the names that it gives them. */
export function scoresOfSplit(split: object | null | undefined): [string, number][] {
  const own = Object.entries((split ?? {}) as Record<string, unknown>).flatMap(([name, value]): [string, number][] => {
    const isKnown = name === 'loss' || (metricNames as string[]).includes(name) || name.startsWith('average');
    return isKnown || typeof value !== 'number' ? [] : [[name, value]];
  });
  return [...scoresIn(split), ...own];
}

/** `rootMeanSquaredError` as `root mean squared error` */
export function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
