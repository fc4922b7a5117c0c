/** What a cluster has before anybody installs anything: nodes in two zones, volumes, and the schemas of operators. */
import { readFileSync } from 'node:fs';
import type { Cluster } from './cluster.js';
import { until } from './release.js';

export const nodes = ['node-a1', 'node-a2', 'node-b1', 'node-b2'] as const;
const capacity = { cpu: '16', memory: '64Gi', 'ephemeral-storage': '500Gi', pods: '110' };
const volumes = 12;

export async function furnish(cluster: Cluster, schemas: readonly string[]): Promise<void> {
  // One call each: together they are larger than a request may be.
  for (const file of schemas) cluster.apply(readFileSync(file, 'utf8'), '--validate=ignore');
  const objects = [...nodes.map(node), storageClass(), ...Array.from({ length: volumes }, (_, index) => volume(index))];
  cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  // A status is written apart from the rest.
  for (const name of nodes) {
    const status = JSON.stringify({ status: { capacity, allocatable: capacity } });
    cluster.kubectl('patch', 'node', name, '--subresource=status', '--type=merge', '--patch', status);
  }
  await until('every node is ready', () =>
    cluster
      .get<{ status: { conditions?: { type: string; status: string }[] } }>('nodes')
      .every(({ status }) => status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')),
  );
  cluster.kubectl('wait', '--for=condition=established', '--timeout=60s', 'customresourcedefinitions', '--all');
}

function node(name: string): object {
  const zone = name.slice('node-'.length, -1);
  const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': zone, 'kubernetes.io/os': 'linux' };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
}

/** The default one. Its volumes are there already, so that the controllers alone bind claims to them. */
function storageClass(): object {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'ready-made', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'kubernetes.io/no-provisioner',
  };
}

function volume(index: number): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `volume-${index}` },
    spec: {
      storageClassName: 'ready-made',
      capacity: { storage: '100Gi' },
      accessModes: ['ReadWriteOnce', 'ReadWriteMany', 'ReadOnlyMany'],
      hostPath: { path: `/volumes/${index}` },
    },
  };
}
