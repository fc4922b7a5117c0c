/** A release of the chart in a namespace of its own that demands the Pod Security level restricted, and the pods that it has. */
import { setTimeout } from 'node:timers/promises';
import type { Cluster } from './cluster.js';

const pollMs = 500;

interface Condition {
  type: string;
  status: string;
}

export interface Pod {
  metadata: { name: string; uid: string; labels: Record<string, string>; deletionTimestamp?: string };
  spec: { nodeName?: string; containers: { image: string }[] };
  status: { phase: string; conditions?: Condition[] };
}

export class Release {
  /** What it was installed with; an upgrade adds to it. */
  private values: string[] = [];

  private constructor(
    readonly cluster: Cluster,
    readonly name: string,
    readonly namespace: string,
  ) {}

  static create(cluster: Cluster, name: string, namespace: string): Release {
    const level = {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    };
    cluster.apply(
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: level } }),
    );
    return new Release(cluster, name, namespace);
  }

  install(...values: string[]): void {
    this.values = values;
    this.helm('install', this.name, this.cluster.chart, ...values, '--wait', '--timeout=3m');
  }

  upgrade(...values: string[]): void {
    this.values = [...this.values, ...values];
    this.helm('upgrade', this.name, this.cluster.chart, ...this.values, '--wait', '--timeout=3m');
  }

  /** Whether an upgrade goes through within the time; one that does not leaves the release's values as they were. */
  upgradeSucceeds(timeout: string, ...values: string[]): boolean {
    const args = [
      'upgrade',
      this.name,
      this.cluster.chart,
      ...this.values,
      ...values,
      '--wait',
      `--timeout=${timeout}`,
    ];
    return this.cluster.tryHelm(...args, '--namespace', this.namespace).status === 0;
  }

  rollback(): void {
    this.helm('rollback', this.name);
  }

  helm(...args: string[]): string {
    return this.cluster.helm(...args, '--namespace', this.namespace);
  }

  kubectl(...args: string[]): string {
    return this.cluster.kubectl('--namespace', this.namespace, ...args);
  }

  /** Of one component, or of all. */
  pods(component?: string): Pod[] {
    const of = component === undefined ? '' : `,app.kubernetes.io/component=${component}`;
    return this.cluster
      .get<Pod>('pods', `--namespace=${this.namespace}`, `--selector=app.kubernetes.io/instance=${this.name}${of}`)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  async untilReady(counts: Record<string, number>): Promise<void> {
    await until(`pods ready: ${JSON.stringify(counts)}`, () =>
      Object.entries(counts).every(([component, count]) => {
        const pods = this.pods(component);
        return pods.length === count && pods.every(isReady);
      }),
    );
  }
}

export function isReady({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

export function names(pods: readonly Pod[]): string[] {
  return pods.map(({ metadata }) => metadata.name).toSorted();
}

/** Pods that are the same ones, not their successors of the same name. */
export function identities(pods: readonly Pod[]): Set<string> {
  return new Set(pods.map(({ metadata }) => metadata.uid));
}

/** Errors: what has not come about. */
export async function until(what: string, isSo: () => boolean, limitMs = 120_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await setTimeout(pollMs);
  }
}
