/** Where a run comes from: the versions, the commit of the experiment's repository, and the command that made it. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../common/package-root.js';
import { runtimeFingerprint } from '../worker/tensorflow/runtime-fingerprint.js';

export interface Provenance {
  /** As typed, or null for a run that a program started through the library. */
  command: string | null;
  /** Of the repository that the experiment file lies in; null where there is none. */
  git: { commit: string; dirty: boolean } | null;
  versions: { polyak: string; node: string; library: string };
  /** The experiment's module, where it has one; no file where it came as the bundle of another run. */
  module?: { file: string | null; sha256: string };
}

/** `file` is the experiment file, where there is one. */
export async function provenanceOf(backend: 'tensorflow' | 'cpu', file?: string): Promise<Provenance> {
  return {
    command: file === undefined ? null : ['polyak', ...process.argv.slice(2).map(shellQuoted)].join(' '),
    git: file === undefined ? null : await gitState(dirname(resolve(file))),
    versions: {
      polyak: polyakVersion(),
      node: process.versions.node,
      library: runtimeFingerprint(backend)['library'] ?? backend,
    },
  };
}

export function polyakVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

/** As a shell reads it. */
export function shellQuoted(text: string): string {
  return /^[\w./:=@,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A machine without git, a folder outside every repository, and a repository without commits have none. */
async function gitState(folder: string): Promise<Provenance['git']> {
  const git = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)('git', ['-C', folder, ...args]);
    return stdout.trim();
  };
  try {
    const commit = await git('rev-parse', 'HEAD');
    return { commit, dirty: (await git('status', '--porcelain', '--untracked-files=no')) !== '' };
  } catch {
    return null;
  }
}
