/** "Did you mean": what others call our keys first, then our keys elsewhere, then spelling. */
import { noEquivalent } from './no-equivalent.js';
import { allKeys } from './schema-keys.js';
import { closest, plainOf } from './suggest-value.js';
import { keySynonyms } from './synonyms.js';

/**
 * `; did you mean 'learningRate'?`, or what there is instead, or nothing. `known` are the keys that may stand where
 * `key` does.
 */
export function suggestKey(key: string, known: string[]): string {
  const meant = sameOf(key, known) ?? synonymOf(key, known);
  if (meant !== undefined) return didYouMean(meant);
  const instead = noEquivalent(plainOf(key));
  if (instead !== '') return instead;
  const near = elsewhere(key, known) ?? closest(key, known);
  return near === undefined ? '' : didYouMean(near);
}

/** Of those that may stand there, the one that was meant. */
export function keyMeant(key: string, known: string[]): string | undefined {
  const meant = sameOf(key, known) ?? synonymOf(key, known) ?? closest(key, known);
  return meant !== undefined && known.includes(meant) ? meant : undefined;
}

function didYouMean(key: string): string {
  return `; did you mean '${key}'?`;
}

/** The same word, written otherwise. */
function sameOf(key: string, known: string[]): string | undefined {
  return known.find((candidate) => plainOf(candidate) === plainOf(key));
}

function synonymOf(key: string, known: string[]): string | undefined {
  const plain = plainOf(key);
  if (!Object.hasOwn(keySynonyms, plain)) return undefined;
  const ours = [keySynonyms[plain]!].flat();
  const here = ours.find((each) => known.includes(each));
  if (here !== undefined) return here;
  // Else where it stands: a whole path, or the place of a key that has only one.
  const path = ours.find((each) => each.includes('.'));
  return path ?? ours.map((each) => elsewhere(each, known)).find((each) => each !== undefined);
}

/** Where in the schema the key would be right: the place that is nearest to the top; `…` where it has several names. */
function elsewhere(key: string, known: string[]): string | undefined {
  if (known.includes(key)) return undefined;
  const places = allKeys().filter((place) => plainOf(place.key) === plainOf(key));
  const depth = ({ path }: { path: string }) => path.split('.').length;
  const nearest = Math.min(...places.map(depth));
  const top = [...new Set(places.filter((place) => depth(place) === nearest).map(({ path }) => path))];
  if (top.length < 2) return top[0];
  const [first, ...rest] = top.map((path) => path.split('.'));
  const together = first!.map((part, index) => (rest.every((parts) => parts[index] === part) ? part : '…'));
  return together[0] === '…' ? undefined : together.join('.');
}
