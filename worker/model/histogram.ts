/** How many floats lie where, of floats that come in portions. The first portion says from where to where it goes. */

export interface HistogramFound {
  from: number;
  to: number;
  /** Bins of equal width; what comes later and lies beyond counts in the first or the last. */
  counts: number[];
}

const bins = 40;

export class Histogram {
  #found: HistogramFound | undefined;

  add(values: Float32Array): void {
    const { from, to, counts } = (this.#found ??= begin(values));
    const perBin = to > from ? bins / (to - from) : 0;
    for (const value of values) {
      if (Number.isNaN(value)) continue;
      counts[Math.max(0, Math.min(bins - 1, Math.floor((value - from) * perBin)))]! += 1;
    }
  }

  /** Undefined where nothing has been added. */
  found(): HistogramFound | undefined {
    return this.#found;
  }
}

function begin(values: Float32Array): HistogramFound {
  const finite = values.filter(Number.isFinite);
  const from = finite.reduce((least, value) => Math.min(least, value), Infinity);
  const to = finite.reduce((most, value) => Math.max(most, value), -Infinity);
  const known = finite.length > 0;
  return { from: known ? from : 0, to: known ? to : 0, counts: Array.from({ length: bins }, () => 0) };
}
