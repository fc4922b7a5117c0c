/**
 * So much of an API server as Helm's `lookup` asks for: which kinds there are, and Secrets by their name. It stands for a real
 * one, which takes minutes to build (test/kubernetes), and keeps, checks and changes nothing.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Manifest } from './manifest.js';

/** Kinds by the version of their group, as far as the chart has them without operators. */
const kinds: Record<string, string[]> = {
  v1: ['Secret', 'Service', 'PersistentVolumeClaim', 'ConfigMap', 'Pod'],
  'apps/v1': ['StatefulSet', 'Deployment'],
  'policy/v1': ['PodDisruptionBudget'],
  'networking.k8s.io/v1': ['NetworkPolicy'],
};

const groups = Object.keys(kinds)
  .filter((groupVersion) => groupVersion.includes('/'))
  .map((groupVersion) => {
    const versions = [{ groupVersion, version: 'v1' }];
    return { name: groupVersion.split('/')[0], versions, preferredVersion: versions[0] };
  });
const discovery: Record<string, unknown> = {
  '/version': { major: '1', minor: '36', gitVersion: 'v1.36.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups },
  ...Object.fromEntries(
    Object.entries(kinds).map(([groupVersion, names]) => {
      const resources = names.map((kind) => ({
        ...{ name: plural(kind), singularName: kind.toLowerCase(), namespaced: true, kind, verbs: ['get', 'list'] },
      }));
      const path = groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`;
      return [path, { kind: 'APIResourceList', groupVersion, resources }];
    }),
  ),
};

/** As Helm marks what it has installed. */
function installed(manifest: Manifest): Manifest {
  const marks = { 'meta.helm.sh/release-name': 'polyak', 'meta.helm.sh/release-namespace': 'training' };
  const { metadata } = manifest;
  return { ...manifest, metadata: { ...metadata, annotations: { ...metadata.annotations, ...marks } } };
}

function plural(kind: string): string {
  return kind.toLowerCase().replace(/y$/, 'ie') + 's';
}

export class SecretStore {
  secrets: readonly Manifest[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<SecretStore> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const store = new SecretStore(server);
    server.on('request', ({ url = '' }, response) => {
      const path = url.replace(/\?.*/, '');
      const name = /^\/api\/v1\/namespaces\/[^/]+\/secrets\/([^/]+)$/.exec(path)?.[1];
      const secret = store.secrets.find(({ kind, metadata }) => kind === 'Secret' && metadata.name === name);
      const body = discovery[path] ?? (secret && installed(secret));
      response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body ?? { kind: 'Status', apiVersion: 'v1', reason: 'NotFound', code: 404 }));
    });
    return store;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
