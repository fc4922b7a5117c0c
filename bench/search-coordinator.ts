/** A coordinator with an empty store for the benchmarks of searches, and what it costs. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildRole } from '../cli/child-role.js';
import { connect, type Cluster } from '../cli/connect.js';
import { SweepFollower } from '../cli/sweep/sweep-follower.js';
import type { ExternalExperimentInput } from '../common/experiment/external-schema.js';
import type { TlsOptions } from '../common/tls/tls-options.js';
import { tlsArguments } from '../test/certificates.js';
import { Peer } from './measure.js';

const ticksPerSecond = 100;

export class SearchCoordinator {
  private constructor(
    private readonly folder: string,
    private readonly role: ChildRole,
    private readonly pid: number,
    readonly address: string,
    readonly cluster: Cluster,
  ) {}

  /** `tls` is its own files and those of who asks it. */
  static async start(tls?: { own: Required<TlsOptions>; client: Required<TlsOptions> }): Promise<SearchCoordinator> {
    const folder = mkdtempSync(join(tmpdir(), 'polyak-bench-search-'));
    const args = ['--listen', '127.0.0.1:0', '--metrics-port', '0', '--store', join(folder, 'coordinator.db')];
    const secured = tls ? tlsArguments(tls.own) : [];
    const role = new ChildRole('coordinator', [...args, ...secured], join(folder, 'log'));
    const { address, pid } = await role.listening;
    return new SearchCoordinator(folder, role, pid, address, await connect(address, { tls: tls?.client }));
  }

  /** Of all its threads, user and system, so far. Linux. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  /** Clients of bench/search-client.ts that are ready to begin. */
  async clients(count: number, options: Record<string, unknown>): Promise<Peer[]> {
    const argument = JSON.stringify({ address: this.address, ...options });
    const clients = Array.from({ length: count }, () => Peer.ours('search-client', [argument]));
    for (const client of clients) await client.read();
    return clients;
  }

  /** Seconds from the submission to the end, which is on disk; `clients` run its trials. */
  async run(experiment: ExternalExperimentInput, clients: readonly Peer[]): Promise<{ seconds: number; key: string }> {
    const startedAt = performance.now();
    const { key } = await this.cluster.search(experiment);
    const follower = new SweepFollower(this.address, Buffer.from(key, 'hex'), 5000);
    const answers = clients.map(async (client) => await client.ask(key));
    const ended = endOf(follower);
    await ended;
    const seconds = (performance.now() - startedAt) / 1000;
    await Promise.all(answers);
    follower.close();
    return { seconds, key };
  }

  async close(): Promise<void> {
    await this.role.stop(10_000);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Its log is left out: only its end is waited for. */
async function endOf(follower: SweepFollower): Promise<void> {
  await follower.follow(() => undefined, new AbortController().signal, 0xffff_ffff);
}
