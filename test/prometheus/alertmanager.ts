/** Prometheus' Alertmanager, of Debian's package, on loopback, with one receiver: a webhook that keeps what it is sent. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { stringify } from 'yaml';
import { freePort } from '../../cli/free-port.js';
import { untilSaid } from './until-said.js';

const program = 'prometheus-alertmanager';

export const hasAlertmanager = (process.env.PATH ?? '')
  .split(delimiter)
  .some((folder) => existsSync(join(folder, program)));
if (!hasAlertmanager)
  process.stderr.write(`no Alertmanager is installed: apt-get install ${program}; its test is skipped\n`);

export interface Delivered {
  status: 'firing' | 'resolved';
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export class Alertmanager {
  /** In the order they came. */
  readonly delivered: Delivered[] = [];

  private constructor(
    private readonly folder: string,
    readonly address: string,
    private readonly webhook: Server,
    private readonly child: ChildProcess,
  ) {}

  /** The folder with what it keeps goes when it stops. */
  static async start(): Promise<Alertmanager> {
    const folder = mkdtempSync(join(tmpdir(), 'polyak-alertmanager-'));
    const address = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const webhook = createServer().listen(0, '127.0.0.1');
    await once(webhook, 'listening');
    const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`;
    const route = {
      receiver: 'on-call',
      group_by: ['...'],
      group_wait: '0s',
      group_interval: '1s',
      repeat_interval: '1h',
    };
    const receivers = [{ name: 'on-call', webhook_configs: [{ url, send_resolved: true }] }];
    writeFileSync(join(folder, 'alertmanager.yml'), stringify({ route, receivers }));
    const args = [`--config.file=${join(folder, 'alertmanager.yml')}`, `--storage.path=${join(folder, 'data')}`];
    // Without an address it looks for no others of its kind.
    const child = spawn(program, [...args, `--web.listen-address=${address}`, '--cluster.listen-address='], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const alertmanager = new Alertmanager(folder, address, webhook, child);
    webhook.on('request', (request, response) => {
      void json(request).then((body) => {
        alertmanager.delivered.push(...(body as { alerts: Delivered[] }).alerts);
        response.end();
      });
    });
    await alertmanager.untilReady();
    return alertmanager;
  }

  /** The first that was delivered of that name and status. */
  find(name: string, status: Delivered['status']): Delivered | undefined {
    return this.delivered.find((alert) => alert.labels['alertname'] === name && alert.status === status);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await ended;
    }
    this.webhook.closeAllConnections();
    this.webhook.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async untilReady(): Promise<void> {
    await untilSaid(this.child, program, `address=${this.address}`);
  }
}
