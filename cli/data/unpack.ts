/** Unpacks an archive whose files lie in one folder within it. */
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PolyakError } from '../../common/errors.js';

/** Into `folder`, each file at once complete. Errors: `setup` without tar, `data` for an archive that is none. */
export async function unpack(archive: string, folder: string): Promise<void> {
  const temporary = await mkdtemp(join(folder, '.unpacking-'));
  try {
    await promisify(execFile)('tar', ['-xzf', archive, '-C', temporary, '--strip-components=1']);
    for (const name of await readdir(temporary)) await rename(join(temporary, name), join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new PolyakError('setup', `tar is needed to unpack ${archive}: apt-get install -y tar`, { cause: error });
    }
    throw new PolyakError('data', `${archive} cannot be unpacked: ${(error as Error).message}`, { cause: error });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

export function isUnpacked(folder: string, files: Record<string, number>): boolean {
  const expected = Object.entries(files);
  const isThere = ([name, bytes]: [string, number]) => {
    const file = join(folder, name);
    return existsSync(file) && statSync(file).size === bytes;
  };
  return expected.length > 0 && expected.every(isThere);
}
