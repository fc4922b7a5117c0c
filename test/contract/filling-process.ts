/** A process that takes the store at its first argument, fills its disk with reports, and prints what came of it. */
import { PolyakError } from '../../common/errors.js';
import { openStore } from '../../coordinator/store/open-store.js';

const store = await openStore(process.argv[2]!, 'filling-process');
let acknowledged = 0;
let failure: PolyakError | undefined;
while (!failure) {
  const row = { run: 'filled', kind: 'EPOCH', step: acknowledged, body: 'x'.repeat(20_000) } as const;
  try {
    await store.commit([{ table: 'reports', row }]);
    acknowledged += 1;
  } catch (error) {
    if (!(error instanceof PolyakError)) throw error;
    failure = error;
  }
}
const { code, message } = failure;
const later = await store.commit([]).catch((error: unknown) => error instanceof PolyakError && error.code);
const kept = (await store.reports('filled')).length;
process.stdout.write(JSON.stringify({ acknowledged, kept, code, message, later }));
await store.close();
