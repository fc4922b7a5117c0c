/** A trial's module on a worker: from the machine's cache, else from the trial's lead. Either way its SHA-256 is checked. */
import type { StoredModule } from '../../common/experiment/module-schema.js';
import {
  cachedModulePath,
  moduleBytesMax,
  readModule,
  verifyModule,
  writeModule,
  type ModuleBundle,
} from '../../common/module-bundle.js';
import { PolyakError } from '../../common/errors.js';

/** Errors: `data` where what the lead sends is another than the experiment says; whatever `fetch` throws. */
export async function obtainModule(
  { sha256, name }: Pick<StoredModule, 'sha256' | 'name'>,
  fetch: () => Promise<Uint8Array>,
): Promise<ModuleBundle> {
  const wanted = { sha256, name };
  const cached = cachedModulePath(sha256);
  const known = await readModule(cached, wanted).catch(() => undefined);
  if (known) return known;
  const bytes = await fetch();
  if (bytes.length > moduleBytesMax) {
    throw new PolyakError('data', `module ${name}: has ${bytes.length} bytes, the most is ${moduleBytesMax}`);
  }
  verifyModule(bytes, wanted, 'what the lead sent');
  const code = Buffer.from(bytes).toString('utf8');
  // Without a cache that can be written it is fetched again.
  await writeModule(cached, code).catch(() => undefined);
  return { ...wanted, code };
}
