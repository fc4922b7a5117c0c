/** kubectl and Helm on a cluster for tests, each call bounded in time. What they answer is text; nobody here judges it. */
import { spawnSync } from 'node:child_process';
import { dirname, delimiter, join } from 'node:path';
import { chart } from '../deploy/helm.js';
import { layerProgram } from '../deploy/layer-program.js';

const callMs = 1_200_000;

export interface Answer {
  status: number | null;
  stdout: string;
  /** Without the notes on links, of which the chart has two on purpose. */
  stderr: string;
}

export class Cluster {
  private constructor(
    private readonly kubectlPath: string,
    private readonly helmPath: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** The folder is for what the programs keep between calls. */
  static async at(kubeconfig: string, folder: string): Promise<Cluster> {
    const [kubectl, helm] = [await layerProgram('kubectl'), await layerProgram('helm')];
    return new Cluster(kubectl, helm, {
      ...process.env,
      KUBECONFIG: kubeconfig,
      KUBECACHEDIR: join(folder, 'kubectl-cache'),
      HELM_CACHE_HOME: join(folder, 'helm-cache'),
      HELM_CONFIG_HOME: join(folder, 'helm-config'),
      PATH: [dirname(kubectl), dirname(helm), process.env['PATH']].join(delimiter),
    });
  }

  /** Any program that calls kubectl and helm by their names. */
  run(command: string, args: string[], input = ''): Answer {
    const options = { input, encoding: 'utf8', env: this.environment, timeout: callMs, maxBuffer: 1 << 28 } as const;
    const { status, stdout, stderr, error } = spawnSync(command, args, options);
    if (error) throw error;
    const lines = stderr.split('\n').filter((line) => !line.includes('found symbolic link in path'));
    return { status, stdout, stderr: lines.join('\n') };
  }

  try(args: string[], input = ''): Answer {
    return this.run(this.kubectlPath, args, input);
  }

  answers(...args: string[]): boolean {
    return this.try([...args, '--request-timeout=5s']).status === 0;
  }

  /** What it prints. Errors: what it complains of. */
  kubectl(...args: string[]): string {
    return printed(`kubectl ${args.join(' ')}`, this.try(args));
  }

  apply(objects: string, ...args: string[]): string {
    return printed('kubectl apply', this.try(['apply', '--server-side', '--filename=-', ...args], objects));
  }

  /** As a drain does it: the disruption budgets are asked. */
  evict(namespace: string, pod: string): void {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } };
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`;
    printed(`evicting ${pod}`, this.try(['create', `--raw=${path}`, '--filename=-'], JSON.stringify(eviction)));
  }

  /** Objects of a kind, or of several. */
  get<T>(kind: string, ...args: string[]): T[] {
    return (JSON.parse(this.kubectl('get', kind, '--output=json', ...args)) as { items: T[] }).items;
  }

  tryHelm(...args: string[]): Answer {
    return this.run(this.helmPath, args);
  }

  helm(...args: string[]): string {
    return printed(`helm ${args.join(' ')}`, this.tryHelm(...args));
  }

  get chart(): string {
    return chart;
  }
}

function printed(what: string, { status, stdout, stderr }: Answer): string {
  if (status !== 0) throw new Error(`${what} exited ${status}: ${stderr.trim().slice(-1500)}`);
  return stdout;
}
