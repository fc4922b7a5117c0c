/** SeaweedFS's S3, of PyPI: a server that people run, and that checks signatures. On loopback, in a folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsClient } from 'aws4fetch';
import { freePort } from '../../cli/free-port.js';
import { installed } from '../inference/python.js';
import { accessKey, secretKey } from './s3-server.js';

const parts = ['master', 'volume', 'filer', 's3'];

export class SeaweedServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly ports: ReadonlyMap<string, number>,
  ) {}

  /** With a bucket named `bucket`, for the keys of s3-server.ts. Answers with the reason why it cannot be had; under CI that is an error. */
  static async start(): Promise<SeaweedServer | string> {
    let path: string;
    try {
      path = installed('test-seaweedfs');
    } catch (error) {
      if (process.env['CI'] !== undefined) throw error;
      return `SeaweedFS cannot be had: ${error instanceof Error ? error.message : String(error)}`;
    }
    const folder = mkdtempSync(join(tmpdir(), 'polyak-seaweedfs-'));
    const credentials = [{ accessKey, secretKey }];
    const identities = [{ name: 'tests', credentials, actions: ['Admin', 'Read', 'Write', 'List'] }];
    writeFileSync(join(folder, 's3.json'), JSON.stringify({ identities }));
    const ports = new Map<string, number>();
    for (const name of parts.flatMap((part) => [`${part}.port`, `${part}.port.grpc`]))
      ports.set(name, await freePort('127.0.0.1'));
    const child = spawn(join(path, 'bin/weed'), ['server', ...settings(folder, ports)], { stdio: 'ignore' });
    const server = new SeaweedServer(child, folder, ports);
    await server.untilReady();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.get('s3.port')}`;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true });
    // It makes these there wherever else its files are.
    for (const part of parts)
      rmSync(`/tmp/seaweedfs-${part}-grpc-${this.ports.get(`${part}.port.grpc`)}.sock`, { force: true });
  }

  /** It listens before it can take an object. */
  private async untilReady(): Promise<void> {
    const keys = { accessKeyId: accessKey, secretAccessKey: secretKey };
    const client = new AwsClient({ ...keys, service: 's3', retries: 0 });
    const asked = async (method: string, place: string) =>
      (await client.fetch(`${this.url}/${place}`, { method }).catch(() => undefined))?.ok === true;
    while (this.child.exitCode === null) {
      await asked('PUT', 'bucket');
      if ((await asked('PUT', 'bucket/ready')) && (await asked('DELETE', 'bucket/ready'))) return;
      await delay(100);
    }
    throw new Error(`SeaweedFS has exited ${this.child.exitCode}`);
  }
}

function settings(folder: string, ports: ReadonlyMap<string, number>): string[] {
  return [
    ...[`-dir=${folder}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1', '-master.telemetry=false'],
    ...[...ports].map(([name, port]) => `-${name}=${port}`),
    ...['-volume.max=20', '-volume.preStopSeconds=0', '-master.volumeSizeLimitMB=64'],
    ...[`-filer.localSocket=${join(folder, 'filer.sock')}`, `-s3.localSocket=${join(folder, 's3.sock')}`],
    ...['-s3', `-s3.config=${join(folder, 's3.json')}`, '-s3.port.iceberg=0', '-s3.port.lance=0'],
  ];
}
