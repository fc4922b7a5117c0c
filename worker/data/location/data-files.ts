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
  for (let every = 1; ; every *= 2) {
    const groups = grouped(files, every);
    const nameBytes = groups.reduce((sum, { name }) => sum + Buffer.byteLength(name), 0);
    if (groups.length <= 1 || (groups.length <= groupsMax && nameBytes <= nameBytesMax)) return groups;
  }
}

/** On average `every` files a group. */
function grouped(files: readonly HashedFile[], every: number): DataFileGroup[] {
  const groups: HashedFile[][] = [];
  for (const file of files) {
    const last = groups.at(-1);
    if (last && every > 1 && draw(file.name) % every > 0) last.push(file);
    else groups.push([file]);
  }
  return groups.map((members) => {
    const [first] = members;
    const sha256 = members.length === 1 ? first?.sha256 : listingSha256(members);
    const bytes = members.reduce((sum, member) => sum + member.bytes, 0);
    return { name: first?.name ?? '', files: members.length, bytes, sha256: sha256 ?? '' };
  });
}

function draw(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32LE(0);
}
