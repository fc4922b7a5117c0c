/** A compose file as it is shipped, brought up by podman-compose, of PyPI, under a project name of its own. */
import { spawnSync } from 'node:child_process';
import { installed } from '../inference/python.js';
import type { Podman } from './podman.js';

export interface Commanded {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** What a project has of one kind. */
export type ProjectPart = 'container' | 'network' | 'volume' | 'pod';

const commandMsMax = 900_000;

export class ComposeProject {
  private readonly environment: NodeJS.ProcessEnv;

  constructor(
    private readonly podman: Podman,
    private readonly file: string,
    private readonly name: string,
  ) {
    this.environment = { ...podman.environment, PYTHONPATH: installed('test-podman-compose') };
  }

  /** Arguments of `docker compose` after those that name file and project. */
  try(...args: string[]): Commanded {
    const all = ['-m', 'podman_compose', '--file', this.file, '--project-name', this.name, ...args];
    const options = { env: this.environment, encoding: 'utf8', maxBuffer: 1 << 28, timeout: commandMsMax } as const;
    const { status, stdout, stderr, error } = spawnSync('python3', all, {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (error) throw new Error(`podman-compose ${args.join(' ')}: ${error.message}`);
    return { status, stdout, stderr };
  }

  /** What it prints. Errors: what it complains of. */
  run(...args: string[]): string {
    const { status, stdout, stderr } = this.try(...args);
    if (status !== 0)
      throw new Error(`podman-compose ${args.join(' ')} ended ${status}: ${stderr.trim().slice(-1500)}`);
    return stdout.trim();
  }

  /** Names. */
  parts(kind: ProjectPart): string[] {
    // A container's last line may be wanted after its end; a pod has no label of its project.
    const all = kind === 'container' ? ['--all'] : [];
    const format = kind === 'container' ? '{{.Names}}' : '{{.Name}}';
    const filter = kind === 'pod' ? `name=pod_${this.name}` : `label=com.docker.compose.project=${this.name}`;
    return this.podman
      .run(kind, 'ls', ...all, '--filter', filter, '--format', format)
      .split('\n')
      .filter((name) => name !== '');
  }

  /** Containers of a service, by their number. */
  containers(service: string): string[] {
    return this.parts('container').filter((name) => name.startsWith(`${this.name}_${service}_`));
  }
}
