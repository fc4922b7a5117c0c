/**
 * Attends a coordinator as so many workers would, each by a connection, a handshake and heartbeats of its own, until its input
 * ends. Says `{}` when all have been welcomed. Usage: attending-process.js ADDRESS COUNT TLS, the files of TLS as JSON
 */
import { once } from 'node:events';
import { attend } from '../common/attendance.js';
import { createLog } from '../common/log.js';
import { TlsFiles } from '../common/tls/tls-files.js';
import type { TlsOptions } from '../common/tls/tls-options.js';

const [coordinator = '', count = '', files = '{}'] = process.argv.slice(2);
const { signal } = new AbortController();
const log = createLog('bench');
const tls = TlsFiles.open(JSON.parse(files) as TlsOptions, log);
let welcomed = 0;
const attendances = Array.from({ length: Number(count) }, (_, index) =>
  attend({
    ...{ coordinator, register: { role: 'WORKER', id: `bench-${index}` }, signal, log, tls },
    beat: () => ({ waiting: 0 }),
    onOrder: ({ welcome }) => {
      if (welcome && (welcomed += 1) === Number(count)) console.log('{}');
    },
  }),
);
process.stdin.resume();
await once(process.stdin, 'end');
for (const attendance of attendances) attendance.close();
