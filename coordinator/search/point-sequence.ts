/**
 * Trials as the points of a fixed sequence that the constraints allow: trial n is the n-th of those, counted from 0. What
 * has been found is remembered, which changes no result.
 */
import { attemptsMax, Refusals } from './constraint.js';
import { hyperparametersOf, type Hyperparameters, type Picks } from './hyperparameters.js';
import type { Space } from './space.js';

export class PointSequence {
  /** Of each trial, the number of its point. */
  readonly #points: number[] = [];
  #next = 0;

  /** `length` is how many points there are; undefined where there is no end. */
  constructor(
    private readonly space: Space,
    private readonly picksOf: (point: number) => Picks,
    private readonly length?: number,
  ) {}

  /** Errors: `usage`, where `attemptsMax` points in a row, or all that there are, break a constraint. */
  at(number: number): Hyperparameters {
    const point = this.space.constraints.length === 0 ? number : this.#pointOf(number);
    return hyperparametersOf(this.space, this.picksOf(point)).hyperparameters;
  }

  /** Of a sequence with an end: how many points the constraints allow. Errors: `usage`, where there are none. */
  count(): number {
    const length = this.length ?? 0;
    if (this.space.constraints.length === 0) return length;
    const refusals = new Refusals();
    while (this.#next < length) this.#try(refusals);
    if (this.#points.length === 0) throw refusals.impossible();
    return this.#points.length;
  }

  #pointOf(number: number): number {
    while (this.#points.length <= number) this.#findNext();
    return this.#points[number]!;
  }

  #findNext(): void {
    const refusals = new Refusals();
    for (let attempt = 0; attempt < attemptsMax; attempt++) if (this.#try(refusals)) return;
    throw refusals.impossible();
  }

  #try(refusals: Refusals): boolean {
    const point = this.#next++;
    const { broken } = hyperparametersOf(this.space, this.picksOf(point));
    if (broken) refusals.count(broken);
    else this.#points.push(point);
    return !broken;
  }
}
