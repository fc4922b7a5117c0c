/** Reads a data file, plain or gz, within a bound, so that a small file cannot become a large memory. */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { PolyakError } from '../../common/errors.js';

const fileBytesMax = 3 * 2 ** 30;

/** Errors: `data`, naming the path. */
export async function readDataFile(path: string): Promise<Buffer> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile()) throw new PolyakError('data', `data.path: '${path}' does not exist, or is no file`);
  if (info.size > fileBytesMax) {
    throw new PolyakError('data', `${path}: has ${info.size} bytes, the most is ${fileBytesMax}`);
  }
  const bytes = await readFile(path);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: fileBytesMax });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PolyakError('data', `${path}: cannot be unpacked: ${why}`, { cause: error });
  }
}

/** The first of the names that exists in the folder. Errors: `data`, listing what was looked for. */
export function findFile(folder: string, names: string[]): string {
  const found = names.map((name) => `${folder}/${name}`).find((path) => existsSync(path));
  if (found === undefined) {
    const looked = names.join(', ');
    throw new PolyakError('data', `data.path: '${folder}' has none of ${looked}`);
  }
  return found;
}
