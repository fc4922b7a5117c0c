/** This program as another one: by another version's name, or with other arithmetic. Its modules are those of here. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
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
  if (arithmetic !== undefined) {
    const is = /arithmeticRevision = \d+/;
    replace(join(root, 'dist/common/kernels/arithmetic-revision.js'), is, `arithmeticRevision = ${arithmetic}`);
  }
  if (library !== undefined) {
    replace(join(root, 'dist/worker/tensorflow/runtime-fingerprint.js'), /'tfjs 4[^']*'/, `'${library}'`);
  }
  return join(root, 'bin/polyak.js');
}

function replace(file: string, what: RegExp, by: string): void {
  const text = readFileSync(file, 'utf8');
  if (!what.test(text)) throw new Error(`${file} has no ${String(what)}`);
  writeFileSync(file, text.replace(what, by));
}
