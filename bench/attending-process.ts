/**
 * Attends a coordinator as so many workers would, each by a connection and heartbeats of its own, until its input ends. Says
 * `{}` when all have been welcomed. Usage: attending-process.js ADDRESS COUNT
 */
import { once } from 'node:events';
import { attend } from '../common/attendance.js';
import { createLog } from '../common/log.js';

const [coordinator = '', count = ''] = process.argv.slice(2);
const { signal } = new AbortController();
let welcomed = 0;
const attendances = Array.from({ length: Number(count) }, (_, index) =>
  attend({
    ...{ coordinator, register: { role: 'WORKER', id: `bench-${index}` }, signal, log: createLog('bench') },
    beat: () => ({ waiting: 0 }),
    onOrder: ({ welcome }) => {
      if (welcome && (welcomed += 1) === Number(count)) console.log('{}');
    },
  }),
);
process.stdin.resume();
await once(process.stdin, 'end');
for (const attendance of attendances) attendance.close();
