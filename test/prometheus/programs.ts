/** Prometheus' own programs, of Debian's package, for tests that ask them what they think of ours. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../../cli/free-port.js';
import { untilSaid } from './until-said.js';

const found = (program: string) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

export const isInstalled = found('promtool') && found('prometheus');
if (!isInstalled) {
  process.stderr.write('no Prometheus is installed: apt-get install prometheus; tests that need it are skipped\n');
}

/** What it prints, on both outputs. */
export function promtool(args: string[], input = ''): { status: number | null; printed: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { status, printed: stdout + stderr };
}

export interface Sample {
  metric: Record<string, string>;
  value: [time: number, value: string];
}

/** A server of its own on loopback, which scrapes once a second. */
export class PrometheusServer {
  private constructor(
    private readonly folder: string,
    private readonly child: ChildProcess,
    readonly address: string,
  ) {}

  static async start(options: {
    targets: string[];
    /** Those that speak TLS, whom their authority's FILE vouches for under one name. */
    secured?: { targets: string[]; authority: string; serverName: string };
    rules?: string[];
    /** host:port of an Alertmanager that is told of what fires. */
    alertmanager?: string;
  }): Promise<PrometheusServer> {
    const folder = mkdtempSync(join(tmpdir(), 'polyak-prometheus-'));
    const address = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const seconds = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
    const job = { job_name: 'any-name', static_configs: [{ targets: options.targets }] };
    const { targets = [], authority, serverName } = options.secured ?? {};
    const secured = {
      ...{ job_name: 'secured', scheme: 'https', static_configs: [{ targets }] },
      tls_config: { ca_file: authority, server_name: serverName },
    };
    const jobs = options.secured ? [job, secured] : [job];
    const alerting = options.alertmanager && {
      alerting: { alertmanagers: [{ static_configs: [{ targets: [options.alertmanager] }] }] },
    };
    const config = { global: seconds, rule_files: options.rules ?? [], scrape_configs: jobs, ...alerting };
    writeFileSync(join(folder, 'prometheus.yml'), stringify(config));
    const args = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`];
    const child = spawn('prometheus', [...args, `--web.listen-address=${address}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const server = new PrometheusServer(folder, child, address);
    await server.untilReady();
    return server;
  }

  /** Errors: what Prometheus says is wrong with the query. */
  async query(query: string): Promise<Sample[]> {
    const response = await fetch(`http://${this.address}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
    const answer = (await response.json()) as { error?: string; data?: { result: Sample[] } };
    if (answer.error !== undefined) throw new Error(`${query}: ${answer.error}`);
    return answer.data?.result ?? [];
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async untilReady(): Promise<void> {
    await untilSaid(this.child, 'prometheus', 'Server is ready to receive web requests');
  }
}
