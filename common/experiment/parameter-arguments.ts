/** `--param name=value`, which gives a parameter of the file its value. */
import { PolyakError } from '../errors.js';
import { readAssignment } from './assignment.js';
import type { Described } from './described.js';
import type { Parameters } from './parameters.js';
import { parameterName } from './search-schema.js';
import { closest } from './suggest-value.js';

export interface GivenParameters {
  values: Parameters;
  /** By name, how it was given: `--param 'rate=1e-3'`. */
  origins: Readonly<Record<string, string>>;
}

/** The last of those with one name counts. Errors: `usage`. */
export function readParameters(texts: string[]): GivenParameters {
  const given = texts.map((text) => {
    const { origin, name, value } = readAssignment('--param', text, 'name=value, such as rate=1e-3');
    if (!parameterName.test(name)) {
      const bare = name.replace(/^\$\{?/, '').replace(/\}$/, '');
      const write = parameterName.test(bare) ? `; write --param ${bare}=…` : ', letters, digits and underscores';
      throw new PolyakError('usage', `${origin}: '${name}' is no name of a parameter${write}`);
    }
    if (value === null) {
      throw new PolyakError('usage', `${origin}: ${name} has no value; give it one, such as --param ${name}=0.1`);
    }
    return { origin, name, value };
  });
  return {
    values: Object.fromEntries(given.map(({ name, value }) => [name, value])),
    origins: Object.fromEntries(given.map(({ name, origin }) => [name, origin])),
  };
}

/** Parameters with a value that nothing refers to: most likely a slip in the name. */
export function unusedParameters({ values, origins }: GivenParameters, known: Iterable<string>): Described[] {
  const all = new Set(known);
  const names = [...all];
  return Object.keys(values).flatMap((name) => {
    if (all.has(name)) return [];
    const near = closest(name, names);
    const list = names.length === 0 ? 'it has no parameters' : `its parameters are ${names.join(', ')}`;
    const meant = near === undefined ? list : `did you mean '${near}'?`;
    return [
      { path: [], message: `nothing in the experiment refers to $${name}; ${meant}`, origin: origins[name] ?? name },
    ];
  });
}
