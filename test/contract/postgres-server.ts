/** A PostgreSQL server of its own for a test, in a folder of its own, on loopback only. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Of the newest version in Debian's place, or in the search path; undefined where there is none. */
export function serverPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).toSorted((left, right) => Number(right) - Number(left))
    : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')));
}

export class PostgresServer {
  /** Has every character that a URL must quote. */
  static readonly password = "p@ss:w/o?rd#%'";
  private child: ChildProcess | undefined;

  private constructor(
    private readonly programs: string,
    private readonly folder: string,
    readonly port: number,
    private readonly user: { uid?: number; gid?: number },
  ) {}

  static async start(programs: string): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'polyak-postgres-'));
    const user = unprivileged();
    if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
    const server = new PostgresServer(programs, folder, await freePort(), user);
    server.initialise();
    await server.run();
    return server;
  }

  url(database = 'postgres', port = this.port): string {
    return `postgres://polyak:${encodeURIComponent(PostgresServer.password)}@127.0.0.1:${port}/${database}`;
  }

  async run(): Promise<void> {
    const settings = [`listen_addresses=127.0.0.1`, `port=${this.port}`, `unix_socket_directories=${this.folder}`];
    const args = ['-D', join(this.folder, 'data'), ...settings.flatMap((setting) => ['-c', setting])];
    const child = spawn(join(this.programs, 'postgres'), args, {
      ...this.user,
      cwd: this.folder,
      env: { LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child = child;
    const lines: string[] = [];
    const reading = createInterface({ input: child.stderr });
    await new Promise<void>((resolve, reject) => {
      reading.on('line', (line) => {
        lines.push(line);
        if (line.includes('ready to accept connections')) resolve();
      });
      child.once('exit', () => reject(new Error(`the server has ended: ${lines.join('\n')}`)));
    });
  }

  /** Its connections are cut, and what was committed is kept. */
  async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private initialise(): void {
    const passwordFile = join(this.folder, 'password');
    writeFileSync(passwordFile, PostgresServer.password, { mode: 0o644 });
    const args = ['-D', join(this.folder, 'data'), '-U', 'polyak', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
    execFileSync(join(this.programs, 'initdb'), [...args, '-E', 'UTF8', '--locale=C'], {
      ...this.user,
      cwd: this.folder,
      env: { LC_ALL: 'C', PATH: process.env.PATH },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }
}

/** The server refuses to run as root. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
