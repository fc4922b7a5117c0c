/** `polyak data`: a public data set in a folder, its files verified by checksum, from the network or another folder. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PolyakError } from '../common/errors.js';
import { checksumProblem } from './data/checksum.js';
import { dataSets, type DataFile, type DataSet, type DataSetName } from './data/data-sets.js';
import { Meter } from './data/meter.js';
import { download, type OnBytes } from '../worker/data/location/download.js';
import { webTarget } from '../common/remote/http.js';
import { copyFile } from './data/copy-file.js';
import { isUnpacked, unpack } from './data/unpack.js';
import { displayPath } from './foreground.js';
import { printJson, printText } from './output.js';
import { listOf } from './table.js';

const otherWays = 'POLYAK_DATA_URL names another server, --from takes files that are here already';

interface DataOptions {
  from?: string;
  to?: string;
  json: boolean;
}

/**
 * Errors: `data` for a file that is missing or has another checksum, `unreachable` where it cannot be had from the
 * network.
 */
export async function dataCommand(name: DataSetName, { from, to, json }: DataOptions): Promise<void> {
  const set: DataSet = dataSets[name];
  const folder = resolve(to ?? join('data', name));
  await bringDataSet(set, folder, from ?? baseUrl(set, name), json);
  if (json) printJson({ event: 'ready', data: name, folder, files: set.files.map((file) => file.name) });
  else {
    printText(
      listOf([
        ['ready', displayPath(folder)],
        ['licence', set.licence],
        [
          'use it as',
          `data: { source: ${set.source}, path: ${displayPath(folder)} }   # relative to the experiment file`,
        ],
        ['next', `npx polyak init ${displayPath(folder)}`],
      ]),
    );
  }
}

/** `source` is a URL that ends with a slash, or a folder. Files that are there already are only verified. */
export async function bringDataSet(set: DataSet, folder: string, source: string, json: boolean): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (isUnpacked(folder, set.unpacked)) return;
  for (const file of set.files) await bring(file, folder, source, new Meter(file.name, json));
  if (Object.keys(set.unpacked).length > 0) await unpackAll(set, folder);
}

async function bring(file: DataFile, folder: string, from: string, meter: Meter): Promise<void> {
  const target = join(folder, file.name);
  if (existsSync(target)) {
    const problem = await checksumProblem(target, file);
    if (problem === undefined) return meter.done('is there already');
    throw new PolyakError('data', `${target}: ${problem}; it is left alone: move it away and try again`);
  }
  const partial = `${target}.partial`;
  const onBytes: OnBytes = (done, total) => meter.show(done, total);
  const source = isUrl(from) ? `${from}${file.name}` : join(resolve(from), file.name);
  if (isUrl(from)) await download(webTarget(source, source, otherWays), partial, { onBytes });
  else {
    if (!existsSync(source))
      throw new PolyakError('data', `--from ${from}: has no ${file.name} (looked for ${source})`);
    await copyFile(source, partial, onBytes);
  }
  const problem = await checksumProblem(partial, file);
  if (problem !== undefined) {
    await rm(partial, { force: true });
    throw new PolyakError('data', `${source}: ${problem}; it is not the file that is meant, or was damaged on the way`);
  }
  await rename(partial, target);
  meter.done('verified');
}

async function unpackAll(set: DataSet, folder: string): Promise<void> {
  for (const { name } of set.files) await unpack(join(folder, name), folder);
  if (!isUnpacked(folder, set.unpacked)) {
    const expected = Object.entries(set.unpacked).map(([name, bytes]) => `${name} of ${bytes} bytes`);
    throw new PolyakError('data', `${folder}: the archive did not bring ${expected.join(', ')}`);
  }
}

function isUrl(source: string): boolean {
  return /^https?:\/\//.test(source);
}

function baseUrl(set: DataSet, name: string): string {
  const mirror = process.env['POLYAK_DATA_URL'];
  if (mirror === undefined || mirror === '') return set.url;
  if (!isUrl(mirror)) {
    throw new PolyakError('usage', `POLYAK_DATA_URL '${mirror}': must begin with http:// or https://`);
  }
  return `${mirror.replace(/\/+$/, '')}/${name}/`;
}
