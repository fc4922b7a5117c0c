/** "Did you mean" for a value: what others call it first, then spelling. */
import { noEquivalent } from './no-equivalent.js';
import { valueSynonyms } from './synonyms.js';

/** `; did you mean 'idx'?`, or what there is instead, or nothing, for a value that is none of `allowed`. */
export function suggestValue(value: unknown, allowed: string[]): string {
  if (typeof value !== 'string') return '';
  const answer = valueMeant(value, allowed);
  return answer === undefined ? noEquivalent(plainOf(value)) : `; did you mean '${answer}'?`;
}

/** Nothing where there is something else instead, even if it is spelled like one of `allowed`. */
export function valueMeant(value: string, allowed: string[]): string | undefined {
  const plain = plainOf(value);
  const synonym = Object.hasOwn(valueSynonyms, plain) ? valueSynonyms[plain] : undefined;
  const name = synonym ?? value;
  // A metric is named as it is where it is measured, and by its split where a trial is judged by it.
  const ours = [name, `validation.${name}`].find((each) => allowed.includes(each));
  if (ours !== undefined) return ours;
  return noEquivalent(plain) === '' ? closest(value, allowed) : undefined;
}

/** As many names as a message lists. */
const listedMax = 6;

/** `; did you mean 'conv2d_4'?`, and with no such likeness some of those that are there. A name may be a pattern. */
export function suggestName(name: string, there: readonly string[]): string {
  const near = closest(name.replaceAll('*', ''), [...there]);
  if (near !== undefined) return `; did you mean '${near}'?`;
  if (there.length === 0) return '';
  const [shown, more] = [there.slice(0, listedMax), there.length - listedMax];
  return `; it has ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
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

/** Of Damerau and Levenshtein: insertions, deletions, substitutions, and neighbours that have changed places. */
function editDistance(left: string, right: string): number {
  let before: number[] = [];
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const substitute = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      const swap = swapped ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(substitute, swap, row[j]! + 1, next[j - 1]! + 1));
    }
    before = row;
    row = next;
  }
  return row[right.length]!;
}
