/** podman, as root, with runc and limits that a machine of tests has. Where it cannot run containers it says why. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const configuration = `[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
`;

export class Podman {
  private readonly folder = mkdtempSync(join(tmpdir(), 'polyak-podman-'));
  /** With which other programs call podman. */
  readonly environment: NodeJS.ProcessEnv;

  constructor() {
    writeFileSync(join(this.folder, 'containers.conf'), configuration);
    this.environment = { ...process.env, CONTAINERS_CONF: join(this.folder, 'containers.conf') };
  }

  /** What it prints. Errors: what it complains of. */
  run(...args: string[]): string {
    const { status, stdout, stderr, error } = spawnSync('podman', args, {
      env: this.environment,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (error)
      throw new Error(
        `podman is not here: ${error.message}; apt-get install podman runc iptables netavark aardvark-dns`,
      );
    if (status !== 0) throw new Error(`podman ${args.join(' ').slice(0, 400)}: ${stderr.trim().slice(-1500)}`);
    return stdout.trim();
  }

  succeeds(...args: string[]): boolean {
    return spawnSync('podman', args, { env: this.environment, stdio: 'ignore' }).status === 0;
  }

  start(args: string[], stdio: ['ignore', 'pipe' | 'inherit', 'pipe' | 'inherit']): ChildProcess {
    return spawn('podman', args, { env: this.environment, stdio });
  }

  address(container: string): string {
    return this.run('inspect', container, '--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
