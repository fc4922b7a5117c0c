/** Classes by what a model thinks of them. */
export interface Ranked {
  class: string;
  /** Where the loss has one. */
  probability?: number;
  /** Where it has none, as a hinge: the higher, the likelier. */
  score?: number;
}

/** The likeliest first. For two classes `values` may be the probability or the score of the second alone. */
export function rank(classes: readonly string[], values: Float32Array, kind: 'probability' | 'score'): Ranked[] {
  const [second = 0] = values;
  const first = kind === 'probability' ? 1 - second : -second;
  const all = values.length === 1 ? [first, second] : [...values];
  return classes
    .map((name, index) => ({ class: name, value: all[index] ?? 0 }))
    .toSorted((left, right) => right.value - left.value)
    .map(({ class: name, value }) => ({ class: name, [kind]: value }));
}
