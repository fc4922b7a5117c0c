/** Where this machine has its data: what a location is called here, and how much of remote data may be kept. */
import { join, resolve } from 'node:path';
import { cacheFolder } from '../../../common/cache-folder.js';
import { isRemote } from '../../../common/data-location.js';
import { PolyakError } from '../../../common/errors.js';

/** A location that begins with `from` lies at `to` on this machine. */
export interface DataMapping {
  from: string;
  to: string;
}

export interface DataPlace {
  map: readonly DataMapping[];
  cacheFolder: string;
  cacheBytesMax: number;
}

const cacheBytesDefault = 20 * 2 ** 30;
const units: Record<string, number> = {
  ...{ '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 },
};

/** From POLYAK_DATA_MAP and POLYAK_DATA_CACHE_BYTES, where nothing else is given. Errors: `usage`. */
export function dataPlace(given: { map?: readonly DataMapping[]; cacheBytesMax?: number } = {}): DataPlace {
  const { POLYAK_DATA_MAP: map, POLYAK_DATA_CACHE_BYTES: bytes } = process.env;
  return {
    map: given.map ?? (map === undefined || map === '' ? [] : parseDataMap(map)),
    cacheFolder: join(cacheFolder(), 'data'),
    cacheBytesMax: given.cacheBytesMax ?? (bytes === undefined || bytes === '' ? cacheBytesDefault : parseBytes(bytes)),
  };
}

/** `FROM=TO`, several with commas between. A relative TO counts from the working folder. Errors: `usage`. */
export function parseDataMap(text: string): DataMapping[] {
  return text.split(',').map((part) => {
    const at = part.lastIndexOf('=');
    const [from, to] = [part.slice(0, Math.max(at, 0)), part.slice(at + 1)];
    if (from === '' || to === '') {
      throw new PolyakError('usage', `--data-map '${part}': must be FROM=TO, such as /home/me/data=/mnt/data`);
    }
    return { from: withoutSlash(from), to: isRemote(to) ? withoutSlash(to) : resolve(to) };
  });
}

/** Such as 20GiB, 500MB or 1000000. Errors: `usage`. */
export function parseBytes(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([kMGT]i?|Ki|)B?$/.exec(text.trim()) ?? [];
  const factor = units[unit];
  if (number === '' || factor === undefined) {
    throw new PolyakError('usage', `--data-cache-bytes '${text}': must be a number of bytes, such as 20GiB or 500MB`);
  }
  return Math.floor(Number(number) * factor);
}

/** Where a location of an experiment lies for this machine; the longest FROM that fits decides. */
export function mapped(location: string, map: readonly DataMapping[]): string {
  const fitting = map.filter(({ from }) => location === from || location.startsWith(`${from}/`));
  const [best] = fitting.toSorted((left, right) => right.from.length - left.from.length);
  return best ? best.to + location.slice(best.from.length) : location;
}

function withoutSlash(location: string): string {
  return location.length > 1 ? location.replace(/\/+$/, '') : location;
}
