/**
 * The image of deploy/Dockerfile, built without a registry of images: its base is made of Debian's packages and of the Node that
 * runs this. Layers are kept by podman, so that only what has changed is built again.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import type { Podman } from './podman.js';

/** As the Dockerfile names its base. */
const base = 'docker.io/library/node:20-bookworm-slim';
const debian = 'localhost/polyak-debian:bookworm';
export const image = 'localhost/polyak:0.1.0';

/** Ten minutes where nothing is built yet. POLYAK_TEST_IMAGE names one that is there already. */
export function buildImage(podman: Podman): string {
  const given = process.env['POLYAK_TEST_IMAGE'];
  if (given !== undefined) return given;
  const folder = mkdtempSync(join(tmpdir(), 'polyak-image-'));
  try {
    if (!podman.succeeds('image', 'exists', base)) buildBase(podman, folder);
    const context = join(folder, 'context');
    exportTree(context);
    const file = join(context, 'deploy/Dockerfile');
    podman.run('build', '--network=host', ...machineSettings(folder), `--file=${file}`, `--tag=${image}`, context);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return image;
}

function buildBase(podman: Podman, folder: string): void {
  const archive = join(folder, 'debian.tar');
  command('mmdebstrap', '--variant=minbase', '--include=ca-certificates,libstdc++6', 'bookworm', archive);
  podman.run('import', archive, debian);
  rmSync(archive);
  // Node where its own image has it.
  const prefix = dirname(dirname(process.execPath));
  const node = join(folder, 'node/usr/local');
  for (const part of ['bin/node', 'lib/node_modules/npm', 'include/node']) {
    mkdirSync(dirname(join(node, part)), { recursive: true });
    cpSync(join(prefix, part), join(node, part), { recursive: true });
  }
  for (const name of ['npm', 'npx']) symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(node, 'bin', name));
  writeFileSync(
    join(folder, 'node/Containerfile'),
    `FROM ${debian}\nENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nCOPY usr /usr\n`,
  );
  podman.run('build', `--tag=${base}`, join(folder, 'node'));
}

/** What is committed, so that nothing of this folder's state gets in. */
function exportTree(to: string): void {
  mkdirSync(to);
  const archive = `${to}.tar`;
  command('git', '-C', packageRoot(), 'archive', `--output=${archive}`, 'HEAD');
  command('tar', '-xf', archive, '-C', to);
}

/** Where this machine finds packages, and whom it trusts. Mounted while building: no layer has it. */
function machineSettings(folder: string): string[] {
  const ask = (name: string) => spawnSync('npm', ['config', 'get', name], { encoding: 'utf8' }).stdout.trim();
  const settings = ['registry', 'cafile']
    .map((name) => [name, ask(name)])
    .filter(([, value]) => value && value !== 'null');
  const npmrc = join(folder, 'npmrc');
  writeFileSync(npmrc, settings.map((pair) => `${pair.join('=')}\n`).join(''));
  const places = ['/etc/pip.conf', '/etc/ssl/certs', '/usr/share/ca-certificates', '/usr/local/share/ca-certificates'];
  return [
    `--volume=${npmrc}:/usr/local/etc/npmrc:ro`,
    ...places.filter((path) => existsSync(path)).map((path) => `--volume=${path}:${path}:ro`),
  ];
}

function command(name: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(name, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${String(error ?? stderr).slice(-1500)}`);
}
