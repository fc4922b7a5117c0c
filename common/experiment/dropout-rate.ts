/**
 * Dropout has a rate, the part that is set to 0. Who writes `keep`, the part that is not, as the lecture does, sees the
 * rate that it stands for in whatever is shown and stored.
 */

/** To 15 digits, so that keep: 0.8 is rate: 0.2 and not 0.19999999999999996. */
export function rateOfKeep(keep: number): number {
  return Number((1 - keep).toPrecision(15));
}

const names = new Set(['dropout', 'spatialDropout1d', 'spatialDropout2d', 'dropConnect']);

/** A checked list of layers with rates alone; layers within layers too. */
export function withRates(layers: readonly unknown[]): unknown[] {
  return layers.map((layer) => {
    if (typeof layer !== 'object' || layer === null) return layer;
    return Object.fromEntries(Object.entries(layer).map(([name, options]) => [name, withRate(name, options)]));
  });
}

function withRate(name: string, options: unknown): unknown {
  if (typeof options !== 'object' || options === null) return options;
  if (names.has(name)) {
    const { keep, ...rest } = options as { keep?: unknown };
    return typeof keep === 'number' ? { ...rest, rate: rateOfKeep(keep) } : options;
  }
  if (name !== 'residual' && name !== 'repeat') return options;
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, Array.isArray(value) ? withRates(value) : value]),
  );
}
