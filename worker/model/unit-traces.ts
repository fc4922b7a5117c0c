/**
 * What of each unit of a layer is remembered over many samples: whether it was ever anything but 0, and two projections
 * of all that it put out, by which units that are the same are told from others without keeping every output.
 */

/** Of the largest norm of a unit; apart by rounding is the same. */
const tolerance = 1e-6;

export class UnitTraces {
  readonly #alive: Uint8Array;
  readonly #squares: Float64Array;
  readonly #projections: readonly [Float64Array, Float64Array];
  #position = 0;

  /** A unit is a place on the last axis of what is added. */
  constructor(readonly units: number) {
    this.#alive = new Uint8Array(units);
    this.#squares = new Float64Array(units);
    this.#projections = [new Float64Array(units), new Float64Array(units)];
  }

  /** [..., units] */
  add(values: ArrayLike<number>): void {
    const [first, second] = this.#projections;
    for (let row = 0; row < values.length; row += this.units) {
      const [left, right] = [coefficient(2 * this.#position), coefficient(2 * this.#position + 1)];
      this.#position += 1;
      for (let unit = 0; unit < this.units; unit += 1) {
        const value = values[row + unit]!;
        if (value !== 0) this.#alive[unit] = 1;
        this.#squares[unit]! += value * value;
        first[unit]! += left * value;
        second[unit]! += right * value;
      }
    }
  }

  /** The share of units that never put out anything but 0. */
  get dead(): number {
    return this.#alive.reduce((count, alive) => count - alive, this.units) / this.units;
  }

  /**
   * The share of units that always put out the same as another; 0 of a single one. Dead units are equal to each other, but
   * that counts only where there are no others.
   */
  get equal(): number {
    if (this.units < 2) return 0;
    if (this.dead === 1) return 1;
    const [first, second] = this.#projections;
    const apart = tolerance * Math.sqrt(this.#squares.reduce((most, each) => Math.max(most, each), 0));
    const living = [...this.#alive.keys()].filter((unit) => this.#alive[unit] === 1);
    const sorted = living.toSorted((left, right) => first[left]! - first[right]!);
    const equal = new Set<number>();
    for (let at = 1; at < sorted.length; at += 1) {
      const [left, right] = [sorted[at - 1]!, sorted[at]!];
      const near = [first, second].every((projection) => Math.abs(projection[left]! - projection[right]!) <= apart);
      if (near) equal.add(left).add(right);
    }
    return equal.size / this.units;
  }
}

/** In [-1, 1), a function of the number alone that looks like chance (the finaliser of MurmurHash3). */
function coefficient(number: number): number {
  let bits = Math.imul(number + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) / 2 ** 31;
}
