/** The bundle of a user's module: one file of JavaScript that is known by its SHA-256, wherever it lies. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder } from './cache-folder.js';
import { PolyakError } from './errors.js';

/** Passes in one message. */
export const moduleBytesMax = 16 << 20;

export interface ModuleBundle {
  /** Of the code in UTF-8, hexadecimal. */
  sha256: string;
  /** What messages call it, such as `my-module.ts`. */
  name: string;
  code: string;
}

export function moduleSha256(code: Uint8Array | string): string {
  return createHash('sha256').update(code).digest('hex');
}

/** Where a run keeps its modules. */
export function modulePath(runFolder: string, sha256: string): string {
  return join(runFolder, 'modules', `${sha256}.cjs`);
}

/** Where a machine keeps those that it has had. */
export function cachedModulePath(sha256: string): string {
  return join(cacheFolder(), 'modules', `${sha256}.cjs`);
}

/** Errors: `data` where the code is another than the SHA-256 says; `where` says whose it is. */
export function verifyModule(code: Uint8Array, { sha256, name }: Omit<ModuleBundle, 'code'>, where: string): void {
  const found = moduleSha256(code);
  if (found === sha256) return;
  throw new PolyakError(
    'data',
    `module ${name}: ${where} has sha256 ${found}, the experiment's is ${sha256}; it is torn or was changed`,
  );
}

/** Errors: `data` where it is not there, or another than its name says. */
export async function readModule(path: string, wanted: Omit<ModuleBundle, 'code'>): Promise<ModuleBundle> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new PolyakError('data', `module ${wanted.name}: ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  });
  verifyModule(bytes, wanted, path);
  return { ...wanted, code: bytes.toString('utf8') };
}

/** A reader sees all of it or nothing. */
export async function writeModule(path: string, code: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${randomUUID()}.new`;
  await writeFile(partial, code);
  await rename(partial, path);
}
