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

/** `rootMeanSquaredError` as `root mean squared error` */
export function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
