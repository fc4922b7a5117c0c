/** "Did you mean" for a value: what others call it first, then spelling. */

/** Values of theirs to ours. */
const valueSynonyms = new Map(
  Object.entries({
    categoricalcrossentropy: 'softmaxCrossEntropy',
    sparsecategoricalcrossentropy: 'softmaxCrossEntropy',
    crossentropy: 'softmaxCrossEntropy',
    crossentropyloss: 'softmaxCrossEntropy',
    nllloss: 'softmaxCrossEntropy',
    bce: 'binaryCrossEntropy',
    bceloss: 'binaryCrossEntropy',
    bcewithlogitsloss: 'binaryCrossEntropy',
    sigmoidcrossentropy: 'binaryCrossEntropy',
    mse: 'meanSquaredError',
    mseloss: 'meanSquaredError',
    max: 'maximise',
    min: 'minimise',
    pixel: 'image',
    mnist: 'idx',
    imagefolder: 'images',
    strict: 'exact',
  }),
);

/** `; did you mean 'idx'?`, or nothing, for a value that is none of `allowed`. */
export function suggestValue(value: unknown, allowed: string[]): string {
  if (typeof value !== 'string') return '';
  const synonym = valueSynonyms.get(plainOf(value));
  const answer = synonym !== undefined && allowed.includes(synonym) ? synonym : closest(value, allowed);
  return answer === undefined ? '' : `; did you mean '${answer}'?`;
}

/** Lower case, without dashes and underscores. */
export function plainOf(key: string): string {
  return key.replaceAll(/[-_]/g, '').toLowerCase();
}

/** The one candidate that begins with the word, or the one that is at most a third of the word away in spelling. */
export function closest(word: string, candidates: string[]): string | undefined {
  const longer = candidates.filter((candidate) => word.length > 2 && plainOf(candidate).startsWith(plainOf(word)));
  if (longer.length === 1) return longer[0];
  const near = candidates
    .map((candidate) => ({ candidate, distance: editDistance(plainOf(word), plainOf(candidate)) }))
    .toSorted((left, right) => left.distance - right.distance)[0];
  return near && near.distance <= Math.max(1, Math.floor(word.length / 3)) ? near.candidate : undefined;
}

/** Levenshtein's: insertions, deletions and substitutions that lead from one word to the other. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
