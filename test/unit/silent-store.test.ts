/** A coordinator whose store hangs, on a real PostgreSQL: what it answers to who asks whether it lives, and whether it is ready. */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coordinatorClient, unary } from '../../common/rpc.js';
import { startCoordinator, type RunningCoordinator } from '../../coordinator/coordinator.js';
import { CuttingProxy } from '../contract/cutting-proxy.js';
import { PostgresServer, serverPrograms } from '../contract/postgres-server.js';

const programs = serverPrograms();
if (programs === undefined)
  process.stderr.write('no PostgreSQL server is installed: the test of a silent store is skipped\n');
/** In production 10 s and a minute. */
const storeSilenceMs = { ready: 2500, alive: 6000 };
const patience = { timeout: 60_000, interval: 50 };

describe.skipIf(programs === undefined)('a coordinator whose store does not answer', () => {
  let postgres: PostgresServer;
  let proxy: CuttingProxy;
  let coordinator: RunningCoordinator;

  beforeAll(async () => {
    postgres = await PostgresServer.start(programs ?? '');
    proxy = await CuttingProxy.to(postgres.port);
    const store = postgres.url('postgres', proxy.port);
    const log = pino({ level: 'silent' });
    coordinator = await startCoordinator({ listen: '127.0.0.1:0', metricsPort: 0, store, storeSilenceMs, log });
  });
  afterAll(async () => {
    proxy.speakAgain();
    await coordinator.close();
    await proxy.close();
    await postgres.remove();
  });

  /** Status and text of a page. */
  const page = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${coordinator.metricsPort}${path}`);
    return `${answer.status} ${(await answer.text()).trim()}`;
  };
  const silent = /^503 the store has not answered for \d+ s$/;

  it('is not ready first, and lives; then is to be started again; and is both when the store is back', async () => {
    await expect
      .poll(async () => [await page('/healthz'), await page('/readyz')], patience)
      .toEqual(['200 ok', '200 ok']);
    proxy.fallSilent();
    await expect.poll(async () => await page('/readyz'), patience).toMatch(silent);
    expect(await page('/healthz')).toBe('200 ok');
    // Whoever looks why is answered all the while.
    expect(await page('/metrics')).toContain('polyak_coordinator_processes{');
    await expect.poll(async () => await page('/healthz'), patience).toMatch(silent);
    proxy.speakAgain();
    await expect.poll(async () => await page('/healthz'), patience).toBe('200 ok');
    expect(await page('/readyz')).toBe('200 ok');
    const client = coordinatorClient(coordinator.address);
    const status = unary('coordinator', (done) => client.status({}, { deadline: Date.now() + 30_000 }, done));
    expect(await status.finally(() => client.close())).toMatchObject({ trials: [], sweeps: [] });
  });
});
