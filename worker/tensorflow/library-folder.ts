/**
 * Where TensorFlow's library lies: in a cache outside the tree, one folder per version and kind, complete as soon as it
 * exists (`polyak setup` makes it under another name and renames it).
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export type LibraryKind = 'cpu' | 'gpu';

/** Names what is in the folder: tfjs-node's version, TensorFlow's, and the layout of the folder. */
const libraryVersion = 'tfjs-4.22.0-tensorflow-2.21.0-r1';

/** POLYAK_CACHE, or ~/.cache/polyak. */
export function cacheFolder(): string {
  return resolve(process.env.POLYAK_CACHE ?? join(homedir(), '.cache', 'polyak'));
}

export function libraryFolder(kind: LibraryKind): string {
  return join(cacheFolder(), `${libraryVersion}-${process.platform}-${process.arch}-${kind}`);
}
