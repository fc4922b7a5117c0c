/** The certificates that the chart makes by itself: processes take them, roles follow from them, and upgrades keep them. */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../cli/free-port.js';
import { packageRoot } from '../../common/package-root.js';
import { tlsArguments } from '../certificates.js';
import { ClusterRole } from '../cluster/cluster-role.js';
import { ClusterRun } from '../cluster/cluster-run.js';
import { Helm, chart } from './helm.js';
import { layerProgram } from './layer-program.js';
import { readManifests, type Manifest } from './manifest.js';
import { writeSecret } from './rendered-secrets.js';
import { SecretStore } from './secret-store.js';

const found = await Helm.find();
const reason = typeof found === 'string' ? `, skipped: ${found}` : '';
const helm = found as Helm;
const roles = ['coordinator', 'server', 'worker', 'admin'] as const;
const only = 'templates/generated-certificates.yaml';
const file = join(packageRoot(), 'examples/invariance.yaml');

/** There is no DNS of a cluster here: every name of a Service is this machine. */
const serviceNames = `data:text/javascript,${encodeURIComponent(`
  import dns from 'node:dns';
  for (const each of [dns, dns.promises]) {
    const { lookup } = each;
    each.lookup = (name, ...rest) => lookup(name.endsWith('.svc') ? '127.0.0.1' : name, ...rest);
  }
`)}`;
const preload = `NODE_OPTIONS=--import=${serviceNames}`;

describe.skipIf(typeof found === 'string')(`the certificates that the chart makes${reason}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-generated-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  describe('on processes', () => {
    const started: ClusterRole[] = [];
    let coordinator: string;

    const tlsOf = (role: (typeof roles)[number]) => ({
      certificate: join(folder, role, 'tls.crt'),
      key: join(folder, role, 'tls.key'),
      authority: join(folder, role, 'ca.crt'),
    });
    const start = (role: 'coordinator' | 'server' | 'worker', ...args: string[]) => {
      const process = ClusterRole.start(role, [...tlsArguments(tlsOf(role)), ...args], ['env', preload]);
      started.push(process);
      return process;
    };

    beforeAll(async () => {
      const manifests = readManifests(helm.template('polyak'));
      for (const role of roles) writeSecret(manifests, `polyak-${role}-tls`, join(folder, role));
      const [port, shard] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
      coordinator = `polyak-coordinator.training.svc:${port}`;
      await start(
        'coordinator',
        ...[`--listen=127.0.0.1:${port}`, `--advertise=${coordinator}`, `--store=${join(folder, 'coordinator.db')}`],
      ).listening;
      start(
        'server',
        ...[`--coordinator=${coordinator}`, `--listen=127.0.0.1:${shard}`],
        `--advertise=polyak-server-0.polyak-server.training.svc:${shard}`,
      );
      start('worker', `--coordinator=${coordinator}`);
    });
    afterAll(async () => {
      await Promise.all(started.map(async (role) => await role.kill()));
    });

    const submit = (role: (typeof roles)[number], ...args: string[]) =>
      ClusterRun.submit(file, coordinator, [...args, ...tlsArguments(tlsOf(role))], ['env', preload]);

    it('carry a training, in which all are called by the names of their Services', async () => {
      const run = submit('admin', '--steps', '3');
      try {
        expect(await run.finished()).toMatchObject({ steps: 3 });
      } finally {
        run.remove();
      }
    });

    it('refuse a worker that would begin a training', async () => {
      const run = submit('worker', '--steps', '1');
      try {
        expect(await run.exitCode()).toBe(1);
        expect(run.events.at(-1)).toMatchObject({ event: 'failed', code: 'refused' });
        expect(String(run.events.at(-1)?.['message'])).toMatch(/Coordinator\.Submit: .* the role worker/);
      } finally {
        run.remove();
      }
    });
  });

  it('last for five years, and name who is called from outside', () => {
    const names = ['--set', 'tls.coordinatorNames={polyak.example.org,10.1.2.3}'];
    const manifests = readManifests(helm.template('polyak', ...names));
    writeSecret(manifests, 'polyak-coordinator-tls', join(folder, 'named'));
    const certificate = new X509Certificate(readFileSync(join(folder, 'named/tls.crt')));
    const years = (Date.parse(certificate.validTo) - Date.now()) / (365 * 86_400_000);
    expect(years).toBeGreaterThan(4.9);
    for (const host of ['localhost', 'polyak.example.org']) expect(certificate.checkHost(host)).toBe(host);
    for (const address of ['127.0.0.1', '10.1.2.3']) expect(certificate.checkIP(address)).toBe(address);
    const authority = new X509Certificate(readFileSync(join(folder, 'named/ca.crt')));
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.verify(authority.publicKey)).toBe(true);
  });

  describe('at an upgrade', () => {
    let store: SecretStore;
    beforeAll(async () => {
      store = await SecretStore.start();
    });
    afterAll(() => store.stop());

    /** As the cluster has them; `helm template` waits for answers of this process. */
    const upgraded = async (...args: string[]): Promise<Manifest[]> => {
      const words = ['template', 'polyak', chart, '--namespace', 'training', '--dry-run=server'];
      const place = ['--kube-apiserver', store.address, '--disable-openapi-validation', '--show-only', only];
      const env = { ...process.env, KUBECONFIG: '/dev/null' };
      const { stdout } = await promisify(execFile)(helm.path, [...words, ...place, ...args], { env });
      return readManifests(stdout);
    };
    const of = (manifests: readonly Manifest[], name: string) =>
      manifests.find(({ metadata }) => metadata.name === `polyak-${name}`)?.data;

    it('are kept', async () => {
      store.secrets = await upgraded();
      expect(store.secrets.map(({ metadata }) => metadata.name)).toEqual([
        'polyak-authority',
        ...roles.map((role) => `polyak-${role}-tls`),
      ]);
      expect(await upgraded()).toEqual(store.secrets);
    });

    it('are made anew by the same authority where names are others, a Secret is gone, or the last year has begun', async () => {
      const before = await upgraded();
      store.secrets = before.flatMap((secret) => {
        const { name, annotations } = secret.metadata;
        if (name === 'polyak-admin-tls') return [];
        if (name !== 'polyak-worker-tls') return [secret];
        return [
          {
            ...secret,
            metadata: { ...secret.metadata, annotations: { ...annotations, 'polyak-renew-after': '1700000000' } },
          },
        ];
      });
      const after = await upgraded('--set', 'tls.coordinatorNames={polyak.example.org}');
      for (const name of ['authority', 'server-tls']) expect(of(after, name)).toEqual(of(before, name));
      for (const name of ['coordinator-tls', 'worker-tls', 'admin-tls']) {
        expect(of(after, name)?.['tls.crt']).not.toBe(of(before, name)?.['tls.crt']);
        expect(of(after, name)?.['ca.crt']).toBe(of(before, name)?.['ca.crt']);
      }
    });

    it('are brought to a machine outside by the commands of the notes', async () => {
      store.secrets = await upgraded();
      const words = ['install', 'polyak', chart, '--namespace', 'training', '--dry-run=client'];
      const [commands = ''] = /^ +for name in [^]*? done$/m.exec(helm.run(...words).stdout) ?? [];
      const place = join(folder, 'laptop');
      mkdirSync(place);
      const kubectl = await layerProgram('kubectl');
      const cluster = { name: 'here', cluster: { server: store.address } };
      const contexts = [{ name: 'here', context: { cluster: 'here', user: '' } }];
      const config = { apiVersion: 'v1', kind: 'Config', clusters: [cluster], contexts, 'current-context': 'here' };
      writeFileSync(join(place, 'config'), JSON.stringify(config));
      const env = {
        ...process.env,
        HOME: place,
        KUBECONFIG: 'config',
        PATH: `${dirname(kubectl)}:${process.env['PATH']}`,
      };
      await promisify(execFile)('sh', ['-ec', commands], { cwd: place, env });
      const data = of(store.secrets, 'admin-tls') ?? {};
      for (const name of ['tls.crt', 'tls.key', 'ca.crt'])
        expect(readFileSync(join(place, name)).toString('base64')).toBe(data[name]);
    });

    it('are all made anew with another authority', async () => {
      const before = await upgraded();
      store.secrets = before.filter(({ metadata }) => metadata.name !== 'polyak-authority');
      const after = await upgraded();
      for (const role of roles) {
        expect(of(after, `${role}-tls`)?.['tls.crt']).not.toBe(of(before, `${role}-tls`)?.['tls.crt']);
        expect(of(after, `${role}-tls`)?.['ca.crt']).toBe(of(after, 'authority')?.['tls.crt']);
      }
    });
  });
});
