/**
 * Keys that stand in one map twice. The parser looks for them too, but compares each key with all before it, which takes it 20
 * seconds for as many thousand.
 */
import { isMap, isScalar, isSeq, type Document } from 'yaml';

export interface DuplicateKey {
  name: string;
  /** Where it stands again, and where it stands first. */
  offset: number;
  first: number;
}

export function duplicateKeys({ contents }: Document): DuplicateKey[] {
  const found: DuplicateKey[] = [];
  lookIn(contents, found);
  return found;
}

function lookIn(node: unknown, found: DuplicateKey[]): void {
  if (isSeq(node)) for (const item of node.items) lookIn(item, found);
  if (!isMap(node)) return;
  const firsts = new Map<unknown, number>();
  for (const { key, value } of node.items) {
    lookIn(value, found);
    if (!isScalar(key)) continue;
    const offset = key.range?.[0] ?? 0;
    const first = firsts.get(key.value);
    if (first === undefined) firsts.set(key.value, offset);
    else found.push({ name: String(key.value), offset, first });
  }
}
