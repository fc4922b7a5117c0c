/** A project in a folder of its own that has installed the packed package, with the versions of our lock file. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';

interface LockEntry {
  dev?: boolean;
  devOptional?: boolean;
  [key: string]: unknown;
}

export class ScratchProject {
  private constructor(readonly path: string) {}

  static install(): ScratchProject {
    const project = new ScratchProject(mkdtempSync(join(tmpdir(), 'polyak-package-')));
    const [packed] = JSON.parse(project.run('npm', 'pack', packageRoot(), '--ignore-scripts', '--json')) as {
      filename: string;
    }[];
    project.write('package.json', JSON.stringify(manifest(packed?.filename ?? '')));
    project.write('package-lock.json', JSON.stringify(lock(packed?.filename ?? '')));
    project.run('npm', 'ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund');
    return project;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  /** What the command prints on standard output. Errors: all that it said, where it fails. */
  run(command: string, ...args: string[]): string {
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: this.path, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${String(error ?? status)}\n${stdout}\n${stderr}`);
    return stdout;
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

function manifest(file: string) {
  return { name: 'scratch', private: true, type: 'module', dependencies: { polyak: `file:${file}` } };
}

/** Ours without what only we need, and with the package itself: what it installs is what our tests ran with. */
function lock(file: string) {
  const root = packageRoot();
  const ours = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>;
  };
  const { version, dependencies, optionalDependencies, bin } = ours.packages[''] ?? {};
  const needed = Object.entries(ours.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  const packages = {
    '': manifest(file),
    'node_modules/polyak': { version, resolved: `file:${file}`, dependencies, optionalDependencies, bin },
    ...Object.fromEntries(needed),
  };
  return { name: 'scratch', lockfileVersion: 3, requires: true, packages };
}
