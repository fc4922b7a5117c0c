/**
 * A process that takes the store at its first argument and commits report after report, each with an event, until it is
 * killed. It prints the number of a report once its commit has been acknowledged.
 */
import { openStore } from '../../coordinator/store/open-store.js';

const store = await openStore(process.argv[2]!, 'writing-process');
for (let step = 1; ; step++) {
  await store.commit([
    { table: 'reports', row: { run: 'killed', kind: 'EPOCH', step, body: '{}' } },
    { table: 'events', row: { at: new Date().toISOString(), what: 'report', subject: 'killed', detail: `${step}` } },
  ]);
  process.stdout.write(`${step}\n`);
}
