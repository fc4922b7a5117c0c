/** Where the files of a worker's data first differ from those that the trial was begun with. */
import type { DataFile__Output } from '../../proto/gen/polyak/v1/DataFile.js';

type File = Pick<DataFile__Output, 'name' | 'files' | 'bytes' | 'sha256'>;

/** In words, with what both sides have of it; undefined where the lists are equal. Both are sorted byte-wise by name. */
export function firstDifferingFile(recorded: readonly File[], own: readonly File[]): string | undefined {
  const at = recorded.findIndex((file, index) => !isSame(file, own[index]));
  const index = at < 0 ? recorded.length : at;
  const [theirs, ours] = [recorded[index], own[index]];
  if (!theirs && !ours) return undefined;
  // Where one side has a file more, it is the one that comes first.
  const order = theirs && ours ? Buffer.compare(Buffer.from(theirs.name), Buffer.from(ours.name)) : theirs ? -1 : 1;
  const [first, list] = order <= 0 ? [theirs, recorded] : [ours, own];
  const side = (file: File | undefined) => (file ? `${file.bytes} bytes, sha256 ${file.sha256}` : 'none');
  const sides = [
    `recorded ${side(order <= 0 ? theirs : undefined)}`,
    `this worker ${side(order >= 0 ? ours : undefined)}`,
  ];
  return `${nameOf(first, list[index + 1])}: ${sides.join('; ')}`;
}

function isSame(left: File, right: File | undefined): boolean {
  return left.name === right?.name && left.sha256 === right.sha256 && left.files === right.files;
}

function nameOf(file: File | undefined, next: File | undefined): string {
  if (!file || file.files <= 1) return `'${file?.name ?? ''}'`;
  return `one of the ${file.files} files from '${file.name}' ${next ? `to before '${next.name}'` : 'to the end'}`;
}
