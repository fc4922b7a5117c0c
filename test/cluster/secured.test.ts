/** Connections under mutual TLS: real processes, sockets and certificates, those that are accepted and those that are not. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunFollower } from '../../cli/follow-run.js';
import { attend } from '../../common/attendance.js';
import { openPush, openWeights, type Transport } from '../../common/chunk-streams.js';
import { PolyakError } from '../../common/errors.js';
import { createLog } from '../../common/log.js';
import { packageRoot } from '../../common/package-root.js';
import { coordinatorClient, fromServiceError, parameterServerClient, unary } from '../../common/rpc.js';
import { TlsFiles } from '../../common/tls/tls-files.js';
import type { TlsOptions } from '../../common/tls/tls-options.js';
import { connect, train } from '../../index.js';
import type { StatusReply__Output } from '../../proto/gen/polyak/v1/StatusReply.js';
import { TestAuthority, tlsArguments } from '../certificates.js';
import { ClusterRole, sumMetric } from './cluster-role.js';
import { ClusterRun } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const refused = 'polyak_connections_refused_total';

let authority: TestAuthority;
let strangers: TestAuthority;
let folder: string;
beforeAll(() => {
  authority = TestAuthority.make();
  strangers = TestAuthority.make('strangers');
  folder = mkdtempSync(join(tmpdir(), 'polyak-secured-'));
});
afterAll(() => {
  authority.remove();
  strangers.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function page(port: number, path: string, ca: Buffer, more: RequestOptions = {}) {
  return await new Promise<{ status: number; text: string }>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, ca, ...more }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') }),
      );
    })
      .on('error', reject)
      .end();
  });
}

async function status(address: string, tls: TlsFiles | undefined): Promise<StatusReply__Output> {
  const client = coordinatorClient(address, tls);
  try {
    const deadline = Date.now() + 10_000;
    return await unary<StatusReply__Output>(`coordinator ${address}`, (callback) =>
      client.status({}, { deadline }, callback),
    );
  } finally {
    client.close();
  }
}

async function failure(calling: Promise<unknown>): Promise<PolyakError> {
  const error: unknown = await calling.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof PolyakError)) throw error;
  return error;
}

type OpenStream = typeof openPush | typeof openWeights;

/** How a chunk stream that is opened so breaks. */
async function streamFailure(open: OpenStream, address: string, transport: Transport, tls?: TlsFiles) {
  const stream = open(address, transport, tls);
  const error = await new Promise<Error>((resolve) => stream.on('error', resolve));
  return fromServiceError(error, address);
}

describe('a cluster under mutual TLS', () => {
  const roles: ClusterRole[] = [];
  let address: string;
  let coordinator: ClusterRole;
  let servers: ClusterRole[];
  let admin: Required<TlsOptions>;
  let plainSha256: unknown;

  const start = (role: 'server' | 'worker' | 'coordinator', tls: TlsOptions, ...args: string[]) => {
    const started = ClusterRole.start(role, [...tlsArguments(tls), ...args]);
    roles.push(started);
    return started;
  };

  beforeAll(async () => {
    admin = authority.issue(['admin']);
    const store = join(folder, 'coordinator.db');
    coordinator = start('coordinator', authority.issue(['coordinator']), '--store', store);
    ({ address } = await coordinator.listening);
    const server = authority.issue(['server']);
    servers = [0, 1].map((shard) => start('server', server, '--coordinator', address, '--shard', String(shard)));
    const worker = authority.issue(['worker'], { usage: 'clientAuth' });
    start('worker', worker, '--coordinator', address);
    start('worker', worker, '--coordinator', address, '--transport', 'grpc');
    await Promise.all(roles.map((role) => role.listening));
    const plain = ClusterRun.train(file, ['--workers', '1', '--steps', '20']);
    try {
      plainSha256 = (await plain.finished())['weightsSha256'];
    } finally {
      plain.remove();
    }
  });
  afterAll(async () => await Promise.all(roles.map((role) => role.kill())));

  it('trains to the weights of a plain one, over sockets and gRPC and two shards', async () => {
    const run = ClusterRun.submit(file, address, ['--shards', '2', '--steps', '20', ...tlsArguments(admin)]);
    try {
      expect(await run.finished()).toMatchObject({ steps: 20, weightsSha256: plainSha256 });
    } finally {
      run.remove();
    }
  });

  it('takes the same run from the library, and tells of it', async () => {
    const { loadExperiment } = await import('../../index.js');
    const place = { coordinator: address, tls: admin, state: join(folder, 'library') };
    const result = await train(await loadExperiment(file), { ...place, steps: 20 }).result;
    expect(result).toMatchObject({ steps: 20, weightsSha256: plainSha256 });
    const cluster = await connect(address, { tls: authority.issue(['reader']) });
    const { runs, servers: attending, workers } = await cluster.status();
    expect(runs.map(({ trialKey }) => trialKey)).toContain(result.trialKey);
    expect([attending.length, workers.length]).toEqual([2, 2]);
  });

  it('counts nobody refused who is what it must be', async () => {
    for (const server of servers) expect(await server.metric(refused)).toBe(0);
  });

  const cases: [string, string, RegExp, () => TlsOptions | undefined][] = [
    ['speaks plainly', 'no tls', /speaks TLS only: give --tls-authority FILE/, () => undefined],
    [
      'has no certificate',
      'no certificate',
      /give --tls-certificate FILE/,
      () => ({ authority: authority.certificate }),
    ],
    [
      'has a certificate of another authority',
      'authority',
      /certificate of 'admin' is not trusted .*--tls-authority FILE of who serves/,
      () => ({ ...strangers.issue(['admin']), authority: authority.certificate }),
    ],
    [
      'has a certificate that has expired',
      'expired',
      /certificate of 'admin' is valid from .* renew its file/,
      () => authority.issue(['admin'], { days: -1 }),
    ],
    [
      'has a certificate that is for servers only',
      'authority',
      /not meant for clients \(extendedKeyUsage clientAuth\)/,
      () => authority.issue(['admin'], { usage: 'serverAuth' }),
    ],
    [
      'has an odd name',
      'authority',
      /certificate of 'ä%: 𝒳, 𝒳+' is not trusted/u,
      () => ({ ...strangers.issue(['admin'], { name: `ä%: 𝒳, ${'𝒳'.repeat(29)}` }), authority: authority.certificate }),
    ],
    [
      'has a certificate without a role',
      'role',
      /has no role; it takes one with the URI/,
      () => authority.issue(['nobody']),
    ],
  ];
  it.each(cases)('tells a client that %s what would be right, and counts it', async (_, reason, message, make) => {
    const tls = TlsFiles.open(make());
    const { metrics } = await coordinator.listening;
    const ca = TlsFiles.open(admin)!.current().authority;
    const count = async () => sumMetric((await page(metrics, '/metrics', ca)).text, refused, `reason="${reason}"`);
    const before = await count();
    const called = await failure(status(address, tls));
    expect(called).toMatchObject({ code: 'refused' });
    expect(called.message).toMatch(message);
    expect(await count()).toBe(before + 1);
    // Of a reason no more than a line a second.
    await expect.poll(() => coordinator.report).toContain(`"reason":"${reason}"`);

    const server = servers[0]!;
    const shard = (await server.listening).address;
    const shardBefore = await server.metric(refused, `reason="${reason}"`);
    for (const open of [openPush, openWeights]) {
      for (const transport of ['socket', 'grpc'] as const) {
        const broken = await streamFailure(open, shard, transport, tls);
        expect(broken).toMatchObject({ code: 'refused' });
        expect(broken.message).toMatch(message);
      }
    }
    expect(await server.metric(refused, `reason="${reason}"`)).toBe(shardBefore + 4);
    expect(server.report).not.toMatch(/PRIVATE KEY/);
  });

  it('counts what is no TLS at all though it begins so', async () => {
    const server = servers[0]!;
    const shard = (await server.listening).address;
    const before = await server.metric(refused, 'reason="handshake"');
    const { connect: connectPlain } = await import('node:net');
    const [host, port] = shard.split(':');
    const socket = connectPlain(Number(port), host);
    // A record of a handshake, and then nothing that is one.
    socket.write(Buffer.concat([Buffer.from([22, 3, 1, 0, 4]), Buffer.from('nono')]));
    await new Promise<void>((resolve) =>
      socket
        .on('error', () => undefined)
        .on('close', () => resolve())
        .resume(),
    );
    expect(await server.metric(refused, 'reason="handshake"')).toBe(before + 1);
  });

  it('lets a worker neither begin, stop nor change a run, nor register as a server', async () => {
    const tls = TlsFiles.open(authority.issue(['worker']));
    const { metrics } = await coordinator.listening;
    const ca = TlsFiles.open(admin)!.current().authority;
    const count = async () => sumMetric((await page(metrics, '/metrics', ca)).text, refused, 'reason="role"');
    const before = await count();
    const follower = new RunFollower(address, Buffer.alloc(8, 1), 5000, tls);
    const { signal } = new AbortController();
    const submission = { trialKey: Buffer.alloc(8, 1), experiment: '{}', directory: folder, untilStep: 0, shards: 1 };
    try {
      for (const [name, calling] of [
        ['Submit', follower.submit(submission, signal)],
        ['Stop', follower.stop(signal)],
        ['Watch', follower.follow(() => undefined, signal)],
      ] as const) {
        const error = await failure(calling);
        expect(error).toMatchObject({ code: 'refused' });
        expect(error.message).toMatch(
          new RegExp(`^Coordinator\\.${name}: the client's certificate has the role worker`),
        );
      }
    } finally {
      follower.close();
    }
    const call = coordinatorClient(address, tls).attend();
    const told = new Promise<Error>((resolve) => call.on('error', resolve));
    call.write({ register: { role: 'SERVER', shard: 0, address: '127.0.0.1:1', id: 'impostor' } });
    expect(fromServiceError(await told, address)).toMatchObject({
      code: 'refused',
      message:
        "Coordinator.Attend: the client's certificate has the role worker, and the process registers as a server",
    });
    expect(await count()).toBe(before + 4);
  });

  it('lets an admin not speak as a worker or as a lead', async () => {
    const tls = TlsFiles.open(admin);
    const shard = (await servers[0]!.listening).address;
    const client = parameterServerClient(shard, tls);
    const ending = async (stream: { on(event: 'error', listener: (error: Error) => void): unknown }) =>
      fromServiceError(await new Promise<Error>((resolve) => stream.on('error', resolve)), shard);
    expect(await ending(client.follow())).toMatchObject({ code: 'refused' });
    expect(await ending(client.control())).toMatchObject({ code: 'refused' });
    client.close();
    for (const transport of ['socket', 'grpc'] as const) {
      const { code, message } = await streamFailure(openPush, shard, transport, tls);
      expect(code).toBe('refused');
      expect(message).toMatch(/^ParameterServer\.Push: .* the role admin; it takes one with the URI polyak:worker/);
    }
  });

  it('says on the client when it is the server that cannot be trusted', async () => {
    const wrong = TlsFiles.open({ ...admin, authority: strangers.certificate });
    const called = await failure(status(address, wrong));
    expect(called).toMatchObject({ code: 'refused' });
    expect(called.message).toMatch(/not issued by an authority that is trusted here: give .* --tls-authority FILE/);
    const shard = (await servers[0]!.listening).address;
    const broken = await streamFailure(openPush, shard, 'socket', wrong);
    expect(broken).toMatchObject({ code: 'refused' });
    expect(broken.message).toMatch(/not issued by an authority that is trusted here/);
  });

  it('checks that a server is the one that was called, by name and by address', async () => {
    const tls = TlsFiles.open(admin);
    const [, port] = address.split(':');
    const only = authority.issue(['coordinator'], { place: 'IP:192.0.2.1,DNS:elsewhere.example' });
    const impostor = start('coordinator', only, '--store', join(folder, 'impostor.db'));
    const called = (await impostor.listening).address;
    for (const host of ['127.0.0.1', 'localhost']) {
      const error = await failure(status(`${host}:${called.split(':')[1]}`, tls));
      expect(error).toMatchObject({ code: 'refused' });
      expect(error.message).toMatch(/certificate is for other addresses: it must have the address that is called/);
      const broken = await streamFailure(openPush, `${host}:${called.split(':')[1]}`, 'socket', tls);
      expect(broken.message).toMatch(/certificate is for other addresses/);
    }
    expect((await status(`localhost:${port}`, tls)).processes.length).toBe(4);
  });

  it('serves its HTTP pages by TLS, and the API to roles that may', async () => {
    const { metrics } = await coordinator.listening;
    const ca = TlsFiles.open(admin)!.current().authority;
    expect(await page(metrics, '/healthz', ca)).toEqual({ status: 200, text: 'ok\n' });
    const asked = async (tls: TlsOptions | undefined, path: string, more: RequestOptions = {}) => {
      const { certificate: cert, key } = TlsFiles.open(tls)?.current() ?? {};
      return (await page(metrics, `/api/v1/${path}`, ca, { cert, key, ...more })).status;
    };
    const reader = authority.issue(['reader']);
    const read = async (tls?: TlsOptions) => await asked(tls, 'runs');
    const change = async (tls?: TlsOptions, origin?: string) =>
      await asked(tls, 'sweeps/none/pause', { method: 'POST', ...(origin !== undefined && { headers: { origin } }) });
    const worker = authority.issue(['worker']);
    const stranger = { ...strangers.issue(['admin']), authority: authority.certificate };
    expect([await read(), await read(stranger), await read(worker)]).toEqual([401, 401, 403]);
    expect([await read(reader), await read(admin)]).toEqual([200, 200]);
    // There is no such sweep.
    expect([await change(), await change(reader), await change(admin)]).toEqual([401, 403, 404]);
    expect(await change(admin, 'https://elsewhere.example')).toBe(403);
    expect(await change(admin, `https://127.0.0.1:${metrics}`)).toBe(404);
  });

  it('is told of by the command line in words', async () => {
    const run = ClusterRun.submit(file, address, ['--steps', '1', ...tlsArguments(authority.issue(['reader']))]);
    try {
      expect(await run.exitCode()).toBe(1);
      expect(run.events.at(-1)).toMatchObject({ event: 'failed', code: 'refused' });
      expect(String(run.events.at(-1)?.['message'])).toMatch(/Coordinator\.Submit: .* the role reader/);
    } finally {
      run.remove();
    }
  });

  it('says in the log of a process that attends why it may not, once', async () => {
    const lines: string[] = [];
    const log = createLog('test');
    log.level = 'silent';
    Object.assign(log, { error: (_: object, line: string) => lines.push(line) });
    const done = new AbortController();
    const tls = TlsFiles.open(authority.issue(['reader']));
    const register = { role: 'WORKER' as const, id: 'reader' };
    const attendance = attend({
      coordinator: address,
      register,
      onOrder: () => undefined,
      signal: done.signal,
      log,
      tls,
    });
    const { metrics } = await coordinator.listening;
    const ca = TlsFiles.open(admin)!.current().authority;
    const count = async () => sumMetric((await page(metrics, '/metrics', ca)).text, refused, 'reason="role"');
    const until = (await count()) + 3;
    while ((await count()) < until);
    attendance.close();
    done.abort();
    expect(lines).toEqual(['refused']);
  });
});

describe('files of TLS', () => {
  it('are read again when they change: new connections get the new certificate, open ones go on', async () => {
    const [before, after] = [authority.issue(['coordinator']), authority.issue(['coordinator'])];
    const used = { ...before, certificate: join(folder, 'used.pem'), key: join(folder, 'used.key') };
    const use = ({ certificate, key }: Required<TlsOptions>) => {
      copyFileSync(key, used.key);
      copyFileSync(certificate, used.certificate);
    };
    use(before);
    const role = ClusterRole.start('coordinator', [...tlsArguments(used), '--store', join(folder, 'reload.db')]);
    try {
      const { address, metrics } = await role.listening;
      const fingerprint = async (port: number) => {
        const { connect: connectTls } = await import('node:tls');
        return await new Promise<string>((resolve, reject) => {
          const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
            resolve(socket.getPeerCertificate().fingerprint256);
            socket.destroy();
          }).on('error', reject);
        });
      };
      const port = Number(address.split(':')[1]);
      const admin = TlsFiles.open(authority.issue(['admin']));
      const open = coordinatorClient(address, admin);
      const call = async () =>
        await unary<StatusReply__Output>('coordinator', (callback) =>
          open.status({}, { deadline: Date.now() + 5000 }, callback),
        );
      await call();
      const first = await fingerprint(port);
      expect(await fingerprint(metrics)).toBe(first);
      use(after);
      const second = await fingerprint(port);
      expect(second).not.toBe(first);
      expect(await fingerprint(metrics)).toBe(second);
      await call();
      open.close();
      // Half an exchange: a key that is not the certificate's.
      copyFileSync(before.key, used.key);
      expect(await fingerprint(port)).toBe(second);
      await status(address, admin);
    } finally {
      await role.kill();
    }
  });

  it('of a client are read again, too', async () => {
    const role = ClusterRole.start('coordinator', [
      ...tlsArguments(authority.issue(['coordinator'])),
      ...['--store', join(folder, 'client.db')],
    ]);
    try {
      const { address } = await role.listening;
      const [before, after] = [authority.issue(['worker']), authority.issue(['admin'])];
      const used = { ...before, certificate: join(folder, 'client.pem'), key: join(folder, 'client.key') };
      copyFileSync(before.certificate, used.certificate);
      copyFileSync(before.key, used.key);
      const tls = TlsFiles.open(used);
      expect(await failure(status(address, tls))).toMatchObject({ code: 'refused' });
      copyFileSync(after.certificate, used.certificate);
      copyFileSync(after.key, used.key);
      expect((await status(address, tls)).trials).toEqual([]);
    } finally {
      await role.kill();
    }
  });

  const usageOf = async (role: 'server' | 'worker' | 'coordinator', tls: TlsOptions) => {
    const coordinator = role === 'coordinator' ? [] : ['--coordinator', '127.0.0.1:1'];
    const started = ClusterRole.start(role, [...tlsArguments(tls), ...coordinator]);
    return { code: await started.exit, message: String(started.last['message']) };
  };

  it('that cannot be used keep a process from starting, which says why', async () => {
    const { certificate, key } = authority.issue(['coordinator']);
    const other = authority.issue(['coordinator']);
    expect(await usageOf('coordinator', { certificate })).toEqual({
      code: 2,
      message: `--tls-certificate '${certificate}': it needs --tls-key FILE too, the other half of the pair`,
    });
    expect(await usageOf('coordinator', { authority: authority.certificate })).toMatchObject({
      code: 2,
      message: expect.stringMatching(/who serves needs --tls-certificate FILE and --tls-key FILE too/) as string,
    });
    expect(await usageOf('server', { certificate, key: other.key })).toMatchObject({
      code: 2,
      message: expect.stringMatching(/the key must be the certificate's/) as string,
    });
    expect(await usageOf('worker', { certificate: join(folder, 'none.pem'), key })).toMatchObject({
      code: 2,
      message: expect.stringMatching(/--tls-certificate '.*none.pem' cannot be read \(ENOENT\)/) as string,
    });
    expect(await usageOf('server', { certificate: key, key })).toMatchObject({
      code: 2,
      message: expect.stringMatching(/is no certificate: it must begin with -----BEGIN CERTIFICATE-----/) as string,
    });
  });
});

describe('processes that a command starts on its own machine', () => {
  it('speak plainly though variables name certificates, which are for clusters elsewhere', async () => {
    const { certificate, key, authority: trusted } = authority.issue(['admin']);
    const variables = { POLYAK_TLS_CERTIFICATE: certificate, POLYAK_TLS_KEY: key, POLYAK_TLS_AUTHORITY: trusted };
    const run = ClusterRun.train(file, ['--workers', '1', '--steps', '3'], variables);
    try {
      expect(await run.finished()).toMatchObject({ steps: 3 });
    } finally {
      run.remove();
    }
  });

  it('speak TLS where flags say so, and train to the same weights', async () => {
    const all = authority.issue(['coordinator', 'server', 'worker', 'admin']);
    const [plain, secured] = [[], tlsArguments(all)].map((flags) =>
      ClusterRun.train(file, ['--workers', '2', '--shards', '2', '--steps', '10', ...flags]),
    );
    try {
      const { weightsSha256 } = await secured!.finished();
      expect(await plain!.finished()).toMatchObject({ weightsSha256 });
    } finally {
      plain!.remove();
      secured!.remove();
    }
  });

  it('refuse a certificate that has not all roles, before anything starts', async () => {
    const run = ClusterRun.train(file, ['--steps', '3', ...tlsArguments(authority.issue(['admin']))]);
    try {
      expect(await run.exitCode()).toBe(2);
      expect(String(run.events.at(-1)?.['message'])).toMatch(
        /lacks URI:polyak:coordinator, URI:polyak:server, URI:polyak:worker: give --coordinator/,
      );
    } finally {
      run.remove();
    }
  });
});

describe('TLS without client certificates', () => {
  it('checks the server alone, and asks nobody for a role', async () => {
    const { certificate, key } = authority.issue(['coordinator']);
    const role = ClusterRole.start('coordinator', [
      ...tlsArguments({ certificate, key }),
      ...['--store', join(folder, 'one-way.db')],
    ]);
    try {
      const { address } = await role.listening;
      expect((await status(address, TlsFiles.open({ authority: authority.certificate }))).trials).toEqual([]);
      expect(await failure(status(address, undefined))).toMatchObject({ code: 'refused' });
    } finally {
      await role.kill();
    }
  });

  it('tells a client with certificates that a port is plain', async () => {
    const role = ClusterRole.start('coordinator', ['--store', join(folder, 'plain.db')]);
    try {
      const { address } = await role.listening;
      const error = await failure(status(address, TlsFiles.open(authority.issue(['admin']))));
      expect(error).toMatchObject({ code: 'refused' });
      expect(error.message).toMatch(/does not answer with TLS: leave --tls-certificate/);
    } finally {
      await role.kill();
    }
  });
});
