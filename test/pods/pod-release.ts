/** A release of the chart under podman: a container for each pod, one network, a volume for each claim. It is what a kubelet would do. */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ChildProcess } from 'node:child_process';
import { podTemplates, type Container, type Manifest, type PodTemplate } from '../deploy/manifest.js';
import { writeSecret, type SecretItem } from '../deploy/rendered-secrets.js';
import type { RunEvent } from '../cluster/cluster-run.js';
import { podArguments } from './pod-arguments.js';
import type { Podman } from './podman.js';

const namespace = 'training';
/** The fsGroup of the chart's pods. */
const podGroup = 1000;

interface RunningPod {
  name: string;
  template: PodTemplate;
  aliases: string[];
  labels: Record<string, string>;
  ownClaims: string[];
}

export class PodRelease {
  readonly network: string;
  private readonly pods = new Map<string, RunningPod>();
  private readonly volumes = new Set<string>();
  private readonly secrets = mkdtempSync(join(tmpdir(), 'polyak-secrets-'));
  private readonly followers: ChildProcess[] = [];
  private made = 0;

  constructor(
    private readonly podman: Podman,
    private readonly manifests: readonly Manifest[],
    private readonly release: string,
  ) {
    this.network = `${release}-${randomBytes(3).toString('hex')}`;
  }

  start(): void {
    this.podman.run('network', 'create', this.network);
    for (const { kind, metadata, spec = {} } of this.manifests) {
      if (kind !== 'StatefulSet' && kind !== 'Deployment') continue;
      const claims = (spec['volumeClaimTemplates'] ?? []) as { metadata: { name: string } }[];
      for (let index = 0; index < Number(spec['replicas'] ?? 1); index++) {
        const name = kind === 'StatefulSet' ? `${metadata.name}-${index}` : this.freshName(metadata.name);
        this.startPod({
          name,
          template: this.template(`${kind} ${metadata.name}`),
          // What a headless Service and one with an address of its own make of it.
          aliases:
            kind === 'StatefulSet'
              ? [`${name}.${metadata.name}.${namespace}.svc`, `${metadata.name}.${namespace}.svc`]
              : [],
          labels: { 'apps.kubernetes.io/pod-index': String(index) },
          ownClaims: claims.map((claim) => claim.metadata.name),
        });
      }
    }
  }

  names(component: string): string[] {
    return [...this.pods.values()]
      .filter(({ template }) => template.labels['app.kubernetes.io/component'] === component)
      .map(({ name }) => name);
  }

  address(pod: string): string {
    return this.podman.address(pod);
  }

  /** What it prints. Errors: what the command says that fails in the pod. */
  execute(pod: string, ...command: string[]): string {
    return this.podman.run('exec', pod, ...command);
  }

  /** The process of the container dies, and is started again in it, as a kubelet does. Of `podman kill` podman would leave it dead. */
  killContainer(pod: string): void {
    process.kill(Number(this.podman.run('inspect', pod, '--format={{.State.Pid}}')), 'SIGKILL');
  }

  restarts(pod: string): number {
    return Number(this.podman.run('inspect', pod, '--format={{.RestartCount}}'));
  }

  /** It is gone with all that it had for itself, and its controller makes another: of a Deployment one of another name. */
  deletePod(pod: string): string {
    const old = this.pods.get(pod)!;
    this.podman.run('rm', '--force', '--time=0', '--volumes', pod);
    this.pods.delete(pod);
    const name = old.aliases.length > 0 ? old.name : this.freshName(old.template.owner.split(' ')[1]!);
    this.startPod({ ...old, name });
    return name;
  }

  cutOff(pod: string): void {
    this.podman.run('network', 'disconnect', this.network, pod);
  }

  reconnect(pod: string): void {
    this.podman.run('network', 'connect', this.network, pod);
  }

  freeze(component: string): void {
    for (const name of this.names(component)) this.podman.run('pause', name);
  }

  thaw(component: string): void {
    for (const name of this.names(component)) this.podman.run('unpause', name);
  }

  /** A training on the release; its events come as they are printed, and it is to end with code 0. */
  async submit(args: readonly string[], onEvent: (event: RunEvent) => void): Promise<RunEvent> {
    const { args: own = [] } = this.template(`Pod ${this.release}-polyak-test`).spec.containers[0]!;
    const coordinator = own.filter((word) => word.startsWith('--coordinator='));
    return await this.runClient({ args: ['train', ...args, ...coordinator, '--json'] }, onEvent);
  }

  /** The pod of `helm test`, with another command, and other limits if need be. */
  async runClient(other: Partial<Container>, onEvent: (event: RunEvent) => void): Promise<RunEvent> {
    const template = this.template(`Pod ${this.release}-polyak-test`);
    const spec = { ...template.spec, containers: [{ ...template.spec.containers[0]!, ...other }] };
    const name = this.freshName(`${this.release}-client`);
    this.startPod({ name, template: { ...template, spec }, aliases: [], labels: {}, ownClaims: [] });
    const follower = this.podman.start(['logs', '--follow', name], ['ignore', 'pipe', 'pipe']);
    this.followers.push(follower);
    let last: RunEvent | undefined;
    let errors = '';
    createInterface({ input: follower.stdout! }).on('line', (line) => {
      last = JSON.parse(line) as RunEvent;
      onEvent(last);
    });
    follower.stderr!.on('data', (text: Buffer) => (errors = (errors + text.toString()).slice(-2000)));
    return await new Promise((resolve, reject) => {
      follower.on('close', () => {
        const code = this.podman.run('wait', name);
        if (code === '0' && last?.event === 'finished') resolve(last);
        else reject(new Error(`the client exited ${code}, its last event was ${JSON.stringify(last)}: ${errors}`));
      });
    });
  }

  stop(): void {
    for (const follower of this.followers) follower.kill();
    const errors: unknown[] = [];
    const attempt = (...args: string[]) => {
      try {
        this.podman.run(...args);
      } catch (error) {
        errors.push(error);
      }
    };
    for (const name of this.pods.keys()) attempt('rm', '--force', '--time=0', '--volumes', name);
    for (const name of this.volumes) attempt('volume', 'rm', '--force', name);
    attempt('network', 'rm', this.network);
    rmSync(this.secrets, { recursive: true });
    if (errors.length > 0) throw new AggregateError(errors, 'not all of the release could be removed');
  }

  private startPod(pod: RunningPod): void {
    const { name, template, aliases, labels, ownClaims } = pod;
    const claims = (claim: string) => {
      const volume = `${this.network}-${claim}`;
      this.volumes.add(volume);
      return volume;
    };
    const place = {
      name,
      aliases,
      ownClaims,
      claims,
      secrets: (secret: string, items?: readonly SecretItem[]) => this.secretFolder(secret, items),
      network: this.network,
      labels: { ...template.labels, ...labels },
    };
    this.pods.set(name, pod);
    this.podman.run(...podArguments(template.spec, place));
  }

  /** The files of a rendered Secret, as a kubelet gives them to the pods' group and to nobody else. */
  secretFolder(name: string, items?: readonly SecretItem[]): string {
    const folder = join(this.secrets, name);
    for (const path of writeSecret(this.manifests, name, folder, items)) {
      chmodSync(path, 0o440);
      chownSync(path, 0, podGroup);
    }
    return folder;
  }

  private template(owner: string): PodTemplate {
    const found = podTemplates(this.manifests).find((each) => each.owner === owner);
    if (!found) throw new Error(`the chart renders no ${owner}`);
    return found;
  }

  private freshName(owner: string): string {
    return `${owner}-${(this.made += 1)}`;
  }
}
