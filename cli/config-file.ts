/** The file polyak.config.yaml (or .yml, or .json) of the working folder, as it stands there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { PolyakError } from '../common/errors.js';

export interface ConfigFile {
  name: string;
  values: Record<string, unknown>;
}

const names = ['polyak.config.yaml', 'polyak.config.yml', 'polyak.config.json'];

/** Errors: `usage` where there are two, or one that is no map. */
export function readConfigFile(folder: string): ConfigFile | undefined {
  const [name, second] = names.filter((candidate) => existsSync(join(folder, candidate)));
  if (name === undefined) return undefined;
  if (second !== undefined) {
    throw new PolyakError('usage', `${name} and ${second} are both in ${folder}: keep one`);
  }
  // JSON is YAML.
  const document = parseDocument(readFileSync(join(folder, name), 'utf8'), { prettyErrors: true });
  if (document.errors[0]) throw new PolyakError('usage', `${name}: ${document.errors[0].message}`);
  const values: unknown = document.toJS() ?? {};
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new PolyakError('usage', `${name}: must be a map of settings, such as 'workers: 2'`);
  }
  return { name, values: values as Record<string, unknown> };
}
