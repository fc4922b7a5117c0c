/**
 * A whole control plane of Kubernetes on loopback: etcd, API server, controllers, scheduler, and kwok in place of kubelets. Objects,
 * admission, rollouts, evictions and volumes' claims are as on any cluster; no container, no probe and no network is.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../cli/free-port.js';
import { packageRoot } from '../../common/package-root.js';
import { TestAuthority } from '../certificates.js';
import { Cluster } from './cluster.js';
import type { KubernetesPrograms } from './kubernetes-programs.js';

const host = '127.0.0.1';
const startMs = 300_000;
const pollMs = 300;
const stages = join(packageRoot(), 'test/kubernetes/stages.yaml');

/** Users and their groups. kwok writes what kubelets write, of all nodes. */
const users = {
  admin: 'system:masters',
  'system:kube-controller-manager': '',
  'system:kube-scheduler': '',
  kwok: 'system:masters',
};
type User = keyof typeof users;

export class ControlPlane {
  private readonly folder = mkdtempSync(join(tmpdir(), 'polyak-kubernetes-'));
  private readonly authority = TestAuthority.make('Kubernetes test authority');
  private readonly tokens = new Map<User, string>();
  /** In the order of their start. */
  private readonly processes: { name: string; child: ChildProcess }[] = [];
  private address = '';

  private constructor(private readonly programs: KubernetesPrograms) {}

  /** With nodes that are ready. Errors: what a program wrote last. */
  static async start(programs: KubernetesPrograms): Promise<ControlPlane> {
    const plane = new ControlPlane(programs);
    try {
      await plane.startAll();
    } catch (error) {
      await plane.stop();
      throw error;
    }
    return plane;
  }

  async cluster(): Promise<Cluster> {
    return await Cluster.at(this.path('admin.kubeconfig'), this.folder);
  }

  /** Those that depend on others first. */
  async stop(): Promise<void> {
    for (const { child } of this.processes.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const killing = new AbortController();
      const killed = setTimeout(10_000, undefined, { signal: killing.signal }).then(
        () => child.kill('SIGKILL'),
        () => false,
      );
      await ended;
      killing.abort();
      await killed;
    }
    this.authority.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async startAll(): Promise<void> {
    const etcd = await this.startEtcd();
    await this.startApiServer(etcd);
    this.startControllers();
    await this.startKwok();
    const cluster = await this.cluster();
    await this.until('has a default service account', () =>
      cluster.answers('get', 'serviceaccount', 'default', '--namespace=default'),
    );
  }

  private async startEtcd(): Promise<string> {
    const [clients, peers] = [`http://${host}:${await freePort(host)}`, `http://${host}:${await freePort(host)}`];
    this.run(
      'etcd',
      ...[`--data-dir=${this.path('etcd')}`, '--unsafe-no-fsync', '--log-level=warn'],
      ...[`--listen-client-urls=${clients}`, `--advertise-client-urls=${clients}`],
      ...[
        `--listen-peer-urls=${peers}`,
        `--initial-advertise-peer-urls=${peers}`,
        `--initial-cluster=default=${peers}`,
      ],
    );
    return clients;
  }

  private async startApiServer(etcd: string): Promise<void> {
    const port = await freePort(host);
    this.address = `https://${host}:${port}`;
    const { certificate, key } = this.authority.issue(['nobody']);
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(this.path('accounts.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(this.path('accounts.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const rows = Object.entries(users).map(([user, group]) => {
      const token = randomBytes(16).toString('hex');
      this.tokens.set(user as User, token);
      this.writeKubeconfig(user as User, token);
      return [token, user, user, ...(group ? [group] : [])].join(',');
    });
    writeFileSync(this.path('tokens.csv'), rows.join('\n'), { mode: 0o600 });
    this.run(
      'kube-apiserver',
      ...[`--etcd-servers=${etcd}`, `--secure-port=${port}`, `--bind-address=${host}`, `--advertise-address=${host}`],
      ...[`--tls-cert-file=${certificate}`, `--tls-private-key-file=${key}`],
      ...[`--token-auth-file=${this.path('tokens.csv')}`, '--authorization-mode=RBAC'],
      `--service-account-issuer=https://polyak.test`,
      `--service-account-key-file=${this.path('accounts.pub')}`,
      `--service-account-signing-key-file=${this.path('accounts.key')}`,
      ...['--service-cluster-ip-range=10.96.0.0/16', '--endpoint-reconciler-type=none'],
    );
    const cluster = await this.cluster();
    await this.until('answers', () => cluster.answers('get', '--raw=/readyz'));
  }

  private startControllers(): void {
    this.run(
      'kube-controller-manager',
      ...[`--kubeconfig=${this.path('system:kube-controller-manager.kubeconfig')}`, '--leader-elect=false'],
      ...['--use-service-account-credentials', '--secure-port=0'],
      `--service-account-private-key-file=${this.path('accounts.key')}`,
      `--root-ca-file=${this.authority.certificate}`,
    );
    this.run(
      'kube-scheduler',
      ...[`--kubeconfig=${this.path('system:kube-scheduler.kubeconfig')}`, '--leader-elect=false', '--secure-port=0'],
    );
  }

  private async startKwok(): Promise<void> {
    const port = await freePort(host);
    const { certificate, key } = this.authority.issue(['nobody']);
    // As container runtimes write it, which is what is read of it.
    writeFileSync(this.path('pods.log'), `${new Date().toISOString()} stdout F kwok runs nothing\n`);
    const logs = {
      kind: 'ClusterLogs',
      apiVersion: 'kwok.x-k8s.io/v1alpha1',
      metadata: { name: 'all' },
      spec: { logs: [{ logsFile: this.path('pods.log'), follow: false }] },
    };
    writeFileSync(this.path('kwok.yaml'), `${readFileSync(stages, 'utf8')}---\n${JSON.stringify(logs)}\n`);
    this.run(
      'kwok',
      ...[
        `--kubeconfig=${this.path('kwok.kubeconfig')}`,
        `--config=${this.path('kwok.yaml')}`,
        '--manage-all-nodes=true',
        // Nodes whose lease is not renewed are taken for lost after a while, and their pods for not ready.
        '--node-lease-duration-seconds=40',
      ],
      // The API server asks there for the logs of pods.
      ...[`--node-ip=${host}`, `--node-port=${port}`, `--server-address=${host}:${port}`],
      ...[`--tls-cert-file=${certificate}`, `--tls-private-key-file=${key}`],
    );
  }

  private run(name: string, ...args: string[]): void {
    const log = openSync(this.path(`${name}.log`), 'w');
    const child = spawn(join(this.programs.folder, name), args, { stdio: ['ignore', log, log] });
    closeSync(log);
    child.on('error', (error) => writeFileSync(this.path(`${name}.log`), error.message));
    this.processes.push({ name, child });
  }

  private writeKubeconfig(user: User, token: string): void {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'test', cluster: { server: this.address, 'certificate-authority': this.authority.certificate } },
      ],
      users: [{ name: user, user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user } }],
      'current-context': 'test',
    };
    writeFileSync(this.path(`${user}.kubeconfig`), JSON.stringify(config), { mode: 0o600 });
  }

  private async until(what: string, isSo: () => boolean): Promise<void> {
    const deadline = Date.now() + startMs;
    while (!isSo()) {
      const ended = this.processes.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
      if (ended) throw new Error(`${ended.name} has ended: ${this.lastWords(ended.name)}`);
      if (Date.now() > deadline) {
        const words = this.processes.map(({ name }) => `${name}: ${this.lastWords(name)}`).join('\n');
        throw new Error(`the control plane is not one that ${what} after ${startMs / 1000} s\n${words}`);
      }
      await setTimeout(pollMs);
    }
  }

  private lastWords(name: string): string {
    return readFileSync(this.path(`${name}.log`), 'utf8').slice(-2000);
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
}
