/** Classes by what a model thinks of them. */
export interface Ranked {
  class: string;
  probability: number;
}

/** The likeliest first. For two classes `values` may be the probability of the second alone. */
export function rank(classes: readonly string[], values: Float32Array): Ranked[] {
  const [second = 0] = values;
  const probabilities = values.length === 1 ? [1 - second, second] : [...values];
  return classes
    .map((name, index) => ({ class: name, probability: probabilities[index] ?? 0 }))
    .toSorted((left, right) => right.probability - left.probability);
}
