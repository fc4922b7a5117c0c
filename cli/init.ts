/** `polyak init`: an experiment file, with comments, for the data that lie in a folder. */
import { writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { PolyakError } from '../common/errors.js';
import { parseExperiment } from '../common/experiment/load.js';
import { displayPath } from './foreground.js';
import { experimentText } from './init/experiment-text.js';
import { inspect } from './init/inspect.js';
import { printJson, printText } from './output.js';

interface InitOptions {
  out?: string;
  json: boolean;
}

/** Errors: `data` where nothing known is found, `usage` where the file exists already. */
export async function initCommand(folder: string, { out, json }: InitOptions): Promise<void> {
  const found = await inspect(folder);
  const name = nameOf(found.path);
  const file = resolve(out ?? `${name}.yaml`);
  const text = experimentText(name, dataPath(found.path, dirname(file)), found);
  // What is written must be what `train` takes.
  parseExperiment(text, file);
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new PolyakError('usage', `${file} cannot be written: ${(error as Error).message}`);
    throw new PolyakError(
      'usage',
      `${displayPath(file)} exists already and is left as it is; --out FILE names another`,
    );
  }
  const shown = displayPath(file);
  if (json) printJson({ file, name, data: found });
  else printText(`${found.summary}\nwrote ${shown}; next\n  npx polyak validate ${shown}\n  npx polyak train ${shown}`);
}

/** A name that an experiment may have, of the folder or file. */
function nameOf(path: string): string {
  const base = basename(resolve(path)).replace(/\.(csv(\.gz)?|npz)$/, '');
  const name = base
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);
  return name === '' ? 'experiment' : name;
}

/** Relative to the experiment file where it lies below it or beside it. */
function dataPath(path: string, folder: string): string {
  const short = relative(folder, resolve(path));
  if (short === '') return '.';
  return short.startsWith(join('..', '..', '..')) ? resolve(path) : short;
}
