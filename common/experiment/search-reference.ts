/** `$name` stands for a hyperparameter of a search. A single training has none, so a reference is an error there. */
import { dotted, type Described } from './describe-issues.js';

/** Every reference outside `search`. */
export function searchReferences(value: unknown, path: PropertyKey[] = []): Described[] {
  if (typeof value === 'string' && /^\$[A-Za-z]/.test(value)) {
    const set = `give it a value, as with --set ${path.map(String).join('.')}=…`;
    const message = `${dotted(path)}: '${value}' belongs to a search, which 'polyak sweep' runs; ${set}`;
    return [{ path, message }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    path.length === 0 && key === 'search'
      ? []
      : searchReferences(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** Is `path` the place `ancestor`, or within it? */
export function isUnder(path: PropertyKey[], ancestor: PropertyKey[]): boolean {
  return path.length >= ancestor.length && ancestor.every((part, index) => String(path[index]) === String(part));
}
