import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytes, podArguments } from '../pods/pod-arguments.js';
import { Helm } from './helm.js';
import { podTemplates, readManifests, type PodSpec } from './manifest.js';
import { writeSecret } from './rendered-secrets.js';
import { exampleFile } from './value-sets.js';

const found = await Helm.find();

const spec: PodSpec = {
  terminationGracePeriodSeconds: 20,
  securityContext: { runAsUser: 1000, runAsGroup: 1001, fsGroup: 1002 },
  containers: [
    {
      name: 'server',
      image: 'polyak:0.1.0',
      args: ['server', '--shard=$(SHARD)', '--advertise=$(NAME).svc', '--text=$(UNKNOWN)'],
      env: [
        { name: 'LEVEL', value: 'info' },
        { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'SHARD', valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } } },
      ],
      resources: { limits: { cpu: '500m', memory: '1Gi' } },
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
      volumeMounts: [
        { name: 'tmp', mountPath: '/tmp' },
        { name: 'runs', mountPath: '/runs' },
        { name: 'store', mountPath: '/store' },
        { name: 'data', mountPath: '/data', readOnly: true },
        { name: 'tls', mountPath: '/tls', readOnly: true },
      ],
    },
  ],
  volumes: [
    { name: 'tmp', emptyDir: {} },
    { name: 'runs', persistentVolumeClaim: { claimName: 'all-runs' } },
    { name: 'data', persistentVolumeClaim: { claimName: 'pictures' } },
    { name: 'tls', secret: { secretName: 'server-tls' } },
  ],
};
const place = {
  name: 'server-1',
  labels: { 'apps.kubernetes.io/pod-index': '1' },
  network: 'net',
  aliases: ['server-1.svc'],
  claims: (claim: string) => `net-${claim}`,
  secrets: (name: string) => `/secrets/${name}`,
  ownClaims: ['store'],
};

describe('a rendered pod as podman runs it', () => {
  it('has the user, the root, the limits, the variables and the volumes of its spec', () => {
    expect(podArguments(spec, place)).toEqual([
      ...['run', '--detach', '--name=server-1', '--hostname=server-1', '--network=net', '--network-alias=server-1.svc'],
      ...['--restart=always', '--stop-timeout=20', '--user=1000:1001', '--group-add=1002'],
      ...['--read-only', '--read-only-tmpfs=false', '--security-opt=no-new-privileges', '--cap-drop=ALL'],
      ...['--memory=1073741824b', '--cpus=0.5'],
      ...['--env=LEVEL=info', '--env=NAME=server-1', '--env=SHARD=1'],
      ...['--volume=/tmp', '--volume=net-all-runs:/runs', '--volume=net-store-server-1:/store'],
      ...['--volume=net-pictures:/data:ro', '--volume=/secrets/server-tls:/tls:ro'],
      ...['polyak:0.1.0', 'server', '--shard=1', '--advertise=server-1.svc', '--text=$(UNKNOWN)'],
    ]);
  });

  it('is not started again when it is not to be', () => {
    expect(podArguments({ ...spec, restartPolicy: 'Never' }, place)).not.toContain('--restart=always');
  });

  it('is refused when it has what is not translated', () => {
    const [container] = spec.containers;
    expect(() => podArguments({ ...spec, containers: [container!, container!] }, place)).toThrow('one container');
    const folder = { name: 'tmp', hostPath: { path: '/' } };
    expect(() => podArguments({ ...spec, volumes: [folder] }, place)).toThrow(
      'the volume tmp is {"name":"tmp","hostPath"',
    );
    expect(() => podArguments(spec, { ...place, labels: {} })).toThrow('SHARD comes from');
  });

  it('has the files of the Secrets that the chart renders, and is refused where it renders none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'polyak-secret-'));
    try {
      const metadata = { name: 'keys' };
      const data = { 'tokens.yaml': Buffer.from('[]').toString('base64'), more: '' };
      const rendered = [{ apiVersion: 'v1', kind: 'Secret', metadata, data }];
      const items = [{ key: 'tokens.yaml', path: 'tokens' }];
      expect(writeSecret(rendered, 'keys', folder, items)).toEqual([join(folder, 'tokens')]);
      expect(readFileSync(join(folder, 'tokens'), 'utf8')).toBe('[]');
      expect(() => writeSecret(rendered, 'others', folder)).toThrow("renders no Secret 'others'");
      expect(() => writeSecret(rendered, 'keys', folder, [{ key: 'no', path: 'no' }])).toThrow("'keys' has no 'no'");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.skipIf(typeof found === 'string')('is what becomes of every pod of the chart, its certificates included', () => {
    const manifests = readManifests((found as Helm).template('polyak', '-f', exampleFile('baked-in')));
    const folder = mkdtempSync(join(tmpdir(), 'polyak-secrets-'));
    try {
      const secrets = (name: string) => {
        writeSecret(manifests, name, join(folder, name));
        return join(folder, name);
      };
      for (const pod of podTemplates(manifests)) {
        const words = podArguments(pod.spec, { ...place, labels: { ...pod.labels, ...place.labels }, secrets });
        const mounted = words.find((word) => word.endsWith(':/tls:ro')) ?? '';
        const [, from = ''] = /^--volume=(.*):\/tls:ro$/.exec(mounted) ?? [];
        expect(readdirSync(from).toSorted()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has quantities of memory in bytes', () => {
    expect([bytes('512Mi'), bytes('2Gi')]).toEqual([2 ** 29, 2 ** 31]);
    expect(() => bytes('1G')).toThrow("'1G' is none");
  });
});
