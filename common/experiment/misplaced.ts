/** Maps of one key whose options stand elsewhere than under it: beside it, or with the name as a value. */
import { inOneLine } from './corrected.js';
import type { Described } from './described.js';
import { dotted } from './described.js';
import { noEquivalent } from './no-equivalent.js';
import { plainOf, valueMeant } from './suggest-value.js';

/** Nothing, unless one of `names` is there and its options are in the wrong place. */
export function misplacedOptions(path: PropertyKey[], value: unknown, names: string[]): Described | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const map = value as Record<string, unknown>;
  return optionsBeside(path, map, names) ?? nameAsValue(path, map, names);
}

/** `- conv2d:` and below it, no further in, `filters: 32`. */
function optionsBeside(path: PropertyKey[], map: Record<string, unknown>, names: string[]): Described | undefined {
  const present = Object.keys(map).filter((key) => names.includes(key));
  const beside = Object.keys(map).filter((key) => !names.includes(key));
  const [name] = present;
  if (name === undefined || present.length > 1 || beside.length === 0) return undefined;
  if (beside.some((key) => isNameOfTheirs(key, map[key], names))) return undefined;
  const own = map[name] ?? {};
  if (typeof own !== 'object') return undefined;
  const options = Object.fromEntries(beside.map((key) => [key, map[key]]));
  const they = `${beside.map((key) => `'${key}'`).join(', ')} ${beside.length === 1 ? 'stands' : 'stand'}`;
  const write = inOneLine({ [name]: { ...own, ...options } });
  const message = `${dotted(path)}: ${they} beside '${name}', not under it; indent further, or write ${write}`;
  return { path: [...path, beside[0]!], message };
}

/** `lion: { … }` beside `adam`: a second name, not an option of the first. */
function isNameOfTheirs(key: string, value: unknown, names: string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return noEquivalent(plainOf(key)) !== '' || valueMeant(key, names) !== undefined;
}

/** `{ type: adam, learningRate: 1e-3 }` */
function nameAsValue(path: PropertyKey[], map: Record<string, unknown>, names: string[]): Described | undefined {
  const key = Object.keys(map).find((each) => ['type', 'name', 'kind', 'classname', 'class'].includes(plainOf(each)));
  const given = key === undefined ? undefined : map[key];
  if (key === undefined || typeof given !== 'string') return undefined;
  const name = names.find((each) => plainOf(each) === plainOf(given)) ?? valueMeant(given, names);
  if (name === undefined) return undefined;
  const { [key]: _, ...options } = map;
  const message = `${dotted(path)}: '${name}' is a key here, not a value; write ${inOneLine({ [name]: options })}`;
  return { path: [...path, key], message };
}
