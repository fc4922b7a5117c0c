/** The three roles as commands: start, say where, and stay until told to stop or replaced. */
import { hostname } from 'node:os';
import { createLog } from '../common/log.js';
import { PolyakError } from '../common/errors.js';

export interface RoleOptions {
  listen: string;
  advertise?: string;
  metricsPort: string;
  coordinator?: string;
  store?: string;
  shard?: string;
  memory?: string;
  threads?: string;
  backend?: string;
  json?: boolean;
  parentPipe?: boolean;
}

interface Running {
  address?: string;
  metricsPort: number;
  closed: Promise<void>;
  close(): Promise<void>;
}

export async function runCoordinator(options: RoleOptions): Promise<void> {
  const { startCoordinator } = await import('../coordinator/coordinator.js');
  const log = createLog('coordinator');
  const { listen, store = 'polyak.db' } = options;
  await stay('coordinator', options, await startCoordinator({ listen, metricsPort: port(options), store, log }));
}

export async function runServer(options: RoleOptions): Promise<void> {
  const { startServer } = await import('../server/server.js');
  const running = await startServer({
    listen: options.listen,
    advertise: options.advertise,
    metricsPort: port(options),
    coordinator: needed(options.coordinator),
    shard: options.shard === undefined ? ordinal() : wholeNumber('--shard', options.shard),
    memoryBytesMax: options.memory === undefined ? undefined : wholeNumber('--memory', options.memory) * 2 ** 20,
    threads: wholeNumber('--threads', options.threads ?? '1'),
    log: createLog('server'),
  });
  await stay('server', options, running);
}

export async function runWorker(options: RoleOptions): Promise<void> {
  const { startWorker } = await import('../worker/worker.js');
  const backend = options.backend === 'cpu' ? 'cpu' : 'tensorflow';
  const coordinator = needed(options.coordinator);
  await stay(
    'worker',
    options,
    await startWorker({ coordinator, backend, metricsPort: port(options), log: createLog('worker') }),
  );
}

/** Until SIGTERM, SIGINT, the parent's end, or the role's own end. */
async function stay(role: string, options: RoleOptions, running: Running): Promise<void> {
  const address = running.address ?? '';
  const line = { event: 'listening', role, address, metricsPort: running.metricsPort };
  if (options.json) process.stdout.write(`${JSON.stringify(line)}\n`);
  else
    process.stderr.write(`polyak ${role} ${address ? `on ${address}, ` : ''}metrics on port ${running.metricsPort}\n`);
  let draining: Promise<void> | undefined;
  const drain = () => {
    draining ??= running.close();
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', drain);
  if (options.parentPipe) process.stdin.on('end', drain).on('error', drain).resume();
  await running.closed;
  await draining;
}

/** The number at the end of a StatefulSet's host name. */
function ordinal(): number {
  const match = /-(\d+)$/.exec(hostname());
  if (!match) throw new PolyakError('usage', `--shard is needed: host name '${hostname()}' does not end in a number`);
  return Number(match[1]);
}

function port(options: RoleOptions): number {
  return wholeNumber('--metrics-port', options.metricsPort);
}

function needed(coordinator: string | undefined): string {
  if (!coordinator || !/:\d+$/.test(coordinator)) {
    throw new PolyakError('usage', `--coordinator ${coordinator ?? ''}: must be HOST:PORT`);
  }
  return coordinator;
}

export function wholeNumber(flag: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0)
    throw new PolyakError('usage', `${flag} ${value}: must be a whole number`);
  return number;
}
