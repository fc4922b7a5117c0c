/**
 * Keys that stand in one map twice. The parser looks for them too, but compares each key with all before it, which takes it 20
 * seconds for as many thousand.
 */
import { isScalar, visit, type Document, type Scalar } from 'yaml';

export interface DuplicateKey {
  name: string;
  /** Where it stands again, and where it stands first. */
  offset: number;
  first: number;
}

export function duplicateKeys(document: Document): DuplicateKey[] {
  const found: DuplicateKey[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const firsts = new Map<unknown, number>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const { value, range } = key as Scalar;
        const offset = range?.[0] ?? 0;
        const first = firsts.get(value);
        if (first === undefined) firsts.set(value, offset);
        else found.push({ name: String(value), offset, first });
      }
    },
  });
  return found;
}
