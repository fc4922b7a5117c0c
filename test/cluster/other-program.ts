/** This program as another one: by another version's name, or with other arithmetic. Its modules are those of here. */
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';

export interface OtherProgram {
  version: string;
  /** Revision of its arithmetic, which is only said to be another. */
  arithmetic?: number;
  /** What its fingerprint says of its library; it computes as this one. */
  library?: string;
}

/** Answers with its bin/polyak.js, in a new folder of that name. */
export function otherProgram(within: string, name: string, { version, arithmetic, library }: OtherProgram): string {
  const root = join(within, name);
  mkdirSync(root);
  for (const part of ['bin', 'dist', 'proto']) {
    const filter = (path: string) => !/dist\/(test|bench|deploy)(\/|$)/.test(path);
    cpSync(join(packageRoot(), part), join(root, part), { recursive: true, filter });
  }
  symlinkSync(join(packageRoot(), 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'polyak', version, type: 'module' }));
  const program = join(root, 'dist/program');
  if (arithmetic !== undefined) {
    replace(program, /arithmeticRevision = \d+/, `arithmeticRevision = ${arithmetic}`);
  }
  if (library !== undefined) replace(program, /"tfjs 4[^"]*"/, `"${library}"`);
  return join(root, 'bin/polyak.js');
}

/** In whichever files have it. */
function replace(folder: string, what: RegExp, by: string): void {
  const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const changed = files.filter((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    if (!what.test(text)) return false;
    writeFileSync(join(folder, name), text.replace(what, by));
    return true;
  });
  if (changed.length === 0) throw new Error(`no file in ${folder} has ${String(what)}`);
}
