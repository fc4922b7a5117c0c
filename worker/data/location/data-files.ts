/**
 * The list of the files that data were read from, as a worker proves it to the lead: sorted names, sizes, hashes. So that
 * the list stays small, many files are put together in groups of neighbours; where a group begins depends on a file's
 * name alone, so that a file more or less changes no other group.
 */
import { createHash } from 'node:crypto';
import type { HashedFile } from './file-hashes.js';

export interface DataFileGroup {
  /** Of the first file, relative to the data's location. */
  name: string;
  /** How many, this one and those behind it. */
  files: number;
  bytes: number;
  /** Of the file; of a group, over its files' names and hashes. */
  sha256: string;
}

const groupsMax = 4096;
const nameBytesMax = 1 << 19;

/** In byte-wise order of names. */
export function sortedByName<File extends { name: string }>(files: readonly File[]): File[] {
  return files.toSorted((left, right) => Buffer.compare(Buffer.from(left.name), Buffer.from(right.name)));
}

/** Over names, sizes and hashes; hexadecimal. `files` are sorted. */
export function listingSha256(files: readonly HashedFile[]): string {
  const hash = createHash('sha256');
  for (const { name, bytes, sha256 } of files) hash.update(JSON.stringify([name, bytes, sha256]));
  return hash.digest('hex');
}

/** At most 4,096 groups with 512 KiB of names; one file each, while they are few. `files` are sorted. */
export function groupFiles(files: readonly HashedFile[]): DataFileGroup[] {
  const draws = Uint32Array.from(files, ({ name }) => fnv1a(name));
  let every = 1;
  while (!isFew(files, draws, every)) every *= 2;
  const groups: HashedFile[][] = [];
  for (const [index, file] of files.entries()) {
    if (begins(draws, index, every)) groups.push([file]);
    else groups.at(-1)?.push(file);
  }
  return groups.map(groupOf);
}

/** On average one of `every` files begins a group, and the first of all does. */
function begins(draws: Uint32Array, index: number, every: number): boolean {
  return index === 0 || (draws[index] ?? 0) % every === 0;
}

function isFew(files: readonly HashedFile[], draws: Uint32Array, every: number): boolean {
  const first = files.filter((_, index) => begins(draws, index, every));
  const nameBytes = first.reduce((sum, { name }) => sum + Buffer.byteLength(name), 0);
  return first.length <= 1 || (first.length <= groupsMax && nameBytes <= nameBytesMax);
}

function groupOf(members: HashedFile[]): DataFileGroup {
  const [first] = members;
  const sha256 = members.length === 1 ? first?.sha256 : listingSha256(members);
  const bytes = members.reduce((sum, member) => sum + member.bytes, 0);
  return { name: first?.name ?? '', files: members.length, bytes, sha256: sha256 ?? '' };
}

/** The 32-bit FNV-1a of the name's UTF-8: quick, and even enough to cut a list by. */
function fnv1a(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
