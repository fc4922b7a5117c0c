/** The keys of `data` that say where something lies; what else they hold is a count, a fraction or the name of an array. */
import type { Experiment } from './schema.js';

type Data = Experiment['data'];

/** The same data with each location changed; `key` is such as `path` or `validation.label`. */
export function mapLocations(data: Data, change: (location: string, key: string) => string): Data {
  const at = <Value>(key: string, value: Value) =>
    typeof value === 'string' ? (change(value, key) as Value & string) : value;
  // A module's data source may need none.
  const path = data.path === '' ? '' : change(data.path, 'path');
  switch (data.source) {
    case 'images':
    case 'csv': {
      const { validation, test } = data;
      return {
        ...data,
        path,
        validation: at('validation', validation),
        ...(test !== undefined && { test: at('test', test) }),
      };
    }
    case 'npy': {
      const files = <Held>(key: string, held: Held) =>
        typeof held === 'object' && held !== null
          ? (Object.fromEntries(Object.entries(held).map(([name, file]) => [name, at(`${key}.${name}`, file)])) as Held)
          : held;
      const { validation, test, label, sampleWeight } = data;
      return {
        ...data,
        path,
        label: at('label', label),
        ...(sampleWeight !== undefined && { sampleWeight: at('sampleWeight', sampleWeight) }),
        validation: files('validation', validation),
        ...(test !== undefined && { test: files('test', test) }),
      };
    }
    default:
      return { ...data, path };
  }
}

/** In the order of the keys. */
export function locationsOf(data: Data): [key: string, location: string][] {
  const found: [string, string][] = [];
  mapLocations(data, (location, key) => {
    found.push([key, location]);
    return location;
  });
  return found;
}
