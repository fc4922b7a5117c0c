/**
 * Where TensorFlow's library lies: in a cache outside the tree, one folder per version and kind, complete as soon as it
 * exists (`polyak setup` makes it under another name and renames it).
 */
import { join } from 'node:path';
import { cacheFolder } from '../../common/cache-folder.js';

export type LibraryKind = 'cpu' | 'gpu';

/** Names what is in the folder: tfjs-node's version, TensorFlow's, and the layout of the folder. */
const libraryVersion = 'tfjs-4.22.0-tensorflow-2.21.0-r1';

export function libraryFolder(kind: LibraryKind): string {
  return join(cacheFolder(), `${libraryVersion}-${process.platform}-${process.arch}-${kind}`);
}
