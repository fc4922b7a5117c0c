/** Which distribution of a search's space a value was meant to be, and the one to write where it is none. */
import { inOneLine } from './corrected.js';
import { noEquivalent } from './no-equivalent.js';
import { distributionNames, type DistributionName } from './space-tree.js';
import { keyMeant } from './suggest.js';
import { plainOf } from './suggest-value.js';

const names: DistributionName[] = [...distributionNames];

type Meant = { name: DistributionName; problem?: undefined } | { name?: undefined; problem: string };

/** Its name; or what would be right. */
export function distributionOf(value: unknown): Meant {
  const required = 'must be a value, or a map such as { uniform: [0, 1] }';
  if (Array.isArray(value)) return { problem: `${required}; write ${inOneLine({ choice: value })}` };
  if (typeof value !== 'object' || value === null) return { problem: required };
  const present = names.filter((name) => Object.hasOwn(value, name));
  if (present.length === 1) return { name: present[0]! };
  const list = `must have exactly one of the keys ${names.join(', ')}`;
  return { problem: list + (present.length > 1 ? '' : advice(value)) };
}

/** W&B writes `{ min: 0, max: 1 }` and `{ distribution: uniform, … }`; others call a distribution otherwise. */
function advice(value: object): string {
  const entries = new Map(Object.entries(value).map(([key, member]) => [plainOf(key), member as unknown]));
  const low = entries.get('min') ?? entries.get('low');
  const high = entries.get('max') ?? entries.get('high');
  if (low !== undefined && high !== undefined)
    return `; write ${inOneLine({ [rangeOf(entries, low, high)]: [low, high] })}`;
  const keys = Object.keys(value);
  const meant = keys.map((key) => keyMeant(key, names)).find((name) => name !== undefined);
  if (meant !== undefined) return `; did you mean '${meant}'?`;
  return keys.map((key) => noEquivalent(plainOf(key))).find((instead) => instead !== '') ?? '';
}

function rangeOf(entries: ReadonlyMap<string, unknown>, low: unknown, high: unknown): DistributionName {
  const named = entries.get('distribution') ?? entries.get('type');
  const kind = typeof named === 'string' ? plainOf(named) : '';
  const isLog = kind.includes('log') || entries.get('log') === true;
  const isWhole = kind.includes('int') || (kind === '' && Number.isInteger(low) && Number.isInteger(high));
  if (isWhole) return isLog ? 'logInt' : 'int';
  return isLog ? 'logUniform' : 'uniform';
}
