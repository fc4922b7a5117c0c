/** The Python that has Optuna and Ray Tune: POLYAK_BENCH_PYTHON if it has them, else an environment of its own in the cache. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../common/cache-folder.js';

/** Undefined where it cannot be had; then the peers are not measured. Making it takes minutes, once. */
export async function searchPython(): Promise<string | undefined> {
  const { POLYAK_BENCH_PYTHON: named } = process.env;
  if (named !== undefined && hasPeers(named)) return named;
  const folder = join(cacheFolder(), 'bench-python');
  const python = join(folder, 'bin', 'python');
  if (existsSync(python) && hasPeers(python)) return python;
  console.error(`Installing Optuna and Ray Tune into ${folder}, for the benchmarks' peers`);
  const quietly = { stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'] };
  const made = spawnSync('python3', ['-m', 'venv', folder], quietly).status === 0;
  const has = made && spawnSync(python, ['-m', 'pip', 'install', '-q', 'optuna', 'ray[tune]'], quietly).status === 0;
  return has ? python : undefined;
}

function hasPeers(python: string): boolean {
  return spawnSync(python, ['-c', 'import optuna, ray'], { stdio: 'ignore' }).status === 0;
}
