/** Where the data sets for the long tests are: POLYAK_TEST_DATA, or a folder beside the checkout. Absent for most users. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageRoot } from '../common/package-root.js';

const candidates = [process.env['POLYAK_TEST_DATA'] ?? '', resolve(packageRoot(), '../shared/data')];

/** The folder of a data set, or undefined where it is not to be had. */
export function realData(name: string): string | undefined {
  return candidates.map((folder) => join(folder, name)).find((path) => isThere(path));
}

function isThere(path: string): boolean {
  return path !== '' && existsSync(path);
}

export const missingData = 'the data set is not here; set POLYAK_TEST_DATA to the folder that has it';
