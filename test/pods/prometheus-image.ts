/**
 * An image around the Prometheus that is installed here, with the user and the folders of the one that its makers publish. It is
 * for tests where no registry can be asked.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Podman } from './podman.js';

const image = 'localhost/polyak-test-prometheus';
const nobody = 65534;

export interface PrometheusImage {
  image: string;
  /** Of Prometheus. */
  version: string;
}

/** Errors: where no Prometheus is installed. */
export function buildPrometheusImage(podman: Podman): PrometheusImage {
  const program = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'prometheus'))
    .find((file) => existsSync(file));
  if (program === undefined) throw new Error('no Prometheus is installed: apt-get install prometheus');
  const folder = mkdtempSync(join(tmpdir(), 'polyak-prometheus-image-'));
  try {
    const root = join(folder, 'root');
    // Apart from the other files: a folder that is there already would keep its owner, and a volume over it would have that one.
    mkdirSync(join(folder, 'data'));
    for (const [file, place] of [[program, '/bin/prometheus'] as const, ...librariesOf(program)]) {
      mkdirSync(join(root, dirname(place)), { recursive: true });
      cpSync(file, join(root, place), { dereference: true });
    }
    const lines = [
      ...['FROM scratch', 'COPY root /', `COPY --chown=${nobody}:${nobody} data /prometheus`],
      ...[`USER ${nobody}`, 'WORKDIR /prometheus', 'VOLUME ["/prometheus"]', 'ENTRYPOINT ["/bin/prometheus"]'],
    ];
    writeFileSync(join(folder, 'Containerfile'), `${lines.join('\n')}\n`);
    podman.run('build', `--tag=${image}`, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const version = /version (\S+)/.exec(podman.run('run', '--rm', image, '--version'))?.[1] ?? 'unknown';
  return { image, version };
}

/** Where they lie and where they are looked for; none of a program that is linked statically. */
function librariesOf(program: string): [file: string, place: string][] {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, file = '']) => [file, file]);
}
