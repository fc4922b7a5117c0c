/** Helm as the tests of the chart call it. Where it comes from is the business of layer-program.ts. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheFolder } from '../../common/cache-folder.js';
import { packageRoot } from '../../common/package-root.js';
import { layerProgram } from './layer-program.js';

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
    try {
      return new Helm(await layerProgram('helm'));
    } catch (error) {
      if (process.env['CI'] !== undefined) throw error;
      return `Helm cannot be had: ${error instanceof Error ? error.message : String(error)}`;
    }
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
