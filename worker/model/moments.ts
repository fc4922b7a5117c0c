/** Mean, deviation and ends of many floats that come in portions; in float64. */

export interface MomentsFound {
  count: number;
  mean: number;
  /** Standard deviation over all of them. */
  deviation: number;
  minimum: number;
  maximum: number;
  /** How many were NaN or infinite, which count for nothing else. */
  notFinite: number;
}

export class Moments {
  #count = 0;
  #mean = 0;
  #squares = 0;
  #minimum = Infinity;
  #maximum = -Infinity;
  #notFinite = 0;

  add(values: ArrayLike<number>): void {
    let sum = 0;
    let count = 0;
    for (let at = 0; at < values.length; at += 1) {
      const value = values[at]!;
      if (!Number.isFinite(value)) continue;
      sum += value;
      count += 1;
      if (value < this.#minimum) this.#minimum = value;
      if (value > this.#maximum) this.#maximum = value;
    }
    this.#notFinite += values.length - count;
    if (count > 0) this.#merge(count, sum / count, values);
  }

  /** Undefined where nothing has been added. */
  found(): MomentsFound | undefined {
    if (this.#count + this.#notFinite === 0) return undefined;
    const ends = { minimum: this.#minimum, maximum: this.#maximum };
    const deviation = Math.sqrt(this.#squares / this.#count);
    return { count: this.#count, mean: this.#mean, deviation, ...ends, notFinite: this.#notFinite };
  }

  /** Chan, Golub and LeVeque 1979: sums of squares about each mean, and what the means are apart. */
  #merge(count: number, mean: number, values: ArrayLike<number>): void {
    let squares = 0;
    for (let at = 0; at < values.length; at += 1) {
      const value = values[at]!;
      if (Number.isFinite(value)) squares += (value - mean) ** 2;
    }
    const apart = mean - this.#mean;
    const total = this.#count + count;
    this.#squares += squares + (apart ** 2 * this.#count * count) / total;
    this.#mean += (apart * count) / total;
    this.#count = total;
  }
}

/** Of one portion. */
export function momentsOf(values: ArrayLike<number>): MomentsFound | undefined {
  const moments = new Moments();
  moments.add(values);
  return moments.found();
}
