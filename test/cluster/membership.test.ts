/** Workers of a trial as its lead sees them, over real control streams. */
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../common/log.js';
import { createGrpcServer, listen, parameterServerClient, services } from '../../common/rpc.js';
import type { LeadMessage__Output } from '../../proto/gen/polyak/v1/LeadMessage.js';
import type { ControlStream } from '../../server/lead/member.js';
import { Membership } from '../../server/lead/membership.js';
import { serverMetrics } from '../../server/server-metrics.js';

const trialKey = Buffer.from('0102030405060708', 'hex');
const proof = { fingerprint: { backend: 'test' }, gradientSha256: 'aa', manifest: '{}' };

async function startMembership() {
  const log = createLog('test');
  log.level = 'silent';
  const metrics = serverMetrics(new Registry());
  const ends: string[] = [];
  const membership = new Membership({
    experimentJson: '{}',
    microBatchSize: 4,
    numerics: 'exact',
    metrics,
    log,
    notice: () => undefined,
    admission: () => ({ incarnation: 1 }),
    abort: (error) => ends.push(error.message),
  });
  const unused = () => undefined;
  const server = createGrpcServer();
  server.addService(services.parameterServer.service, {
    Control: (stream: ControlStream) => {
      stream.once('data', ({ hello }) => membership.attach(hello?.worker ?? '', stream));
    },
    Push: unused,
    Weights: unused,
    Follow: unused,
  });
  const address = `127.0.0.1:${await listen(server, '127.0.0.1:0')}`;
  const closers: (() => void)[] = [() => membership.close({}), () => server.forceShutdown()];

  /** A worker's control stream, which proves itself; resolves with the first message that fits. */
  const hear = async (worker: string, fits: (message: LeadMessage__Output) => boolean) => {
    const client = parameterServerClient(address);
    const stream = client.control();
    closers.unshift(() => {
      stream.cancel();
      client.close();
    });
    stream.on('error', unused);
    stream.write({ hello: { trialKey, worker } });
    return await new Promise<LeadMessage__Output>((resolve) => {
      stream.on('data', (message: LeadMessage__Output) => {
        if (message.describe) stream.write({ proof });
        else if (fits(message)) resolve(message);
      });
    });
  };
  const work = async (worker: string) => (await hear(worker, ({ lease }) => Boolean(lease))).lease;
  const close = () => {
    for (const closer of closers) closer();
  };
  return { membership, hear, work, close };
}

describe('the lead', () => {
  let close: () => void = () => undefined;
  afterEach(() => close());

  it('gives a worker that comes again on another stream its leaves at once, though the first stream never broke', async () => {
    const lead = await startMembership();
    ({ close } = lead);
    lead.membership.admitAll();
    lead.membership.runRound({ kind: 'GRADIENT', step: 0, leafCount: 4, shardsNeeded: 1 }).catch(() => undefined);
    const first = await lead.work('one');
    expect(first).toMatchObject({ firstLeaf: 0, endLeaf: 4 });
    // No step is measured yet, so that no deadline would ever take the first lease back.
    const second = await lead.work('one');
    expect(second).toMatchObject({ firstLeaf: 0, endLeaf: 4 });
    expect(second?.id).not.toBe(first?.id);
    expect(lead.membership.size).toBe(1);
  });

  it('tells a worker that comes after the end of the trial that it has ended', async () => {
    const lead = await startMembership();
    ({ close } = lead);
    lead.membership.close({ ended: { state: 'finished' } });
    expect(await lead.hear('late', ({ ended }) => Boolean(ended))).toMatchObject({ ended: { state: 'finished' } });
  });
});
