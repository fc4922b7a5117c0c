/** Values of the chart that the tests render: those of the examples, and some that together take every branch of its templates. */
import { join } from 'node:path';
import { chart } from './helm.js';

export const examples = ['volume', 'object-store', 'baked-in'] as const;

export function exampleFile(name: (typeof examples)[number]): string {
  return join(chart, 'examples', `${name}.yaml`);
}

/** Values as Helm is given them on the command line. */
export function given(values: Record<string, unknown>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['--set-json', `${name}=${JSON.stringify(value)}`]);
}

/** By what they are about, as --set-json takes them. */
export const corners: Record<string, Record<string, unknown>> = {
  'nothing given': {},
  'a database whose URL is given, images by digest, secrets that are there': {
    image: { digest: `sha256:${'0'.repeat(64)}`, pullSecrets: ['registry'] },
    coordinator: { store: { kind: 'postgres', postgres: { url: 'postgresql://polyak@db/polyak' } } },
    runs: { existingClaim: 'nfs' },
    checkpoints: {
      bucket: { enabled: true, place: 's3://runs', secretName: 'minio', endpoint: 'http://minio:9000', region: 'eu-1' },
    },
    tls: { kind: 'secrets', secrets: { server: 'own' } },
    monitoring: { podMonitor: { enabled: true, interval: '30s' } },
    networkPolicy: { monitoringNamespace: 'monitoring' },
  },
  'three pools, each scaled in its own way, one through Kueue': {
    pools: {
      cpu: { autoscaling: { kind: 'cpu' }, kueueQueue: 'team', modules: false, transport: 'grpc' },
      burst: { autoscaling: { kind: 'wanted', min: 0 }, priorityClassName: 'low', runtimeClassName: 'gvisor' },
      gpu: { gpus: 2, gpuResource: 'amd.com/gpu', autoscaling: { kind: 'keda', min: 0 }, replicas: 0 },
    },
    monitoring: { prometheusAddress: 'http://prometheus:9090' },
    coordinator: { service: { type: 'LoadBalancer', annotations: { internal: 'true' }, sourceRanges: ['10.0.0.0/8'] } },
    networkPolicy: {
      clients: [{ ipBlock: { cidr: '10.0.0.0/8' } }, { podSelector: { matchLabels: { app: 'notebook' } } }],
      dataEgress: [
        { cidr: '0.0.0.0/0' },
        { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'In', values: ['storage'] }] } },
      ],
    },
  },
  'public data, a cache for all, no policies': {
    networkPolicy: { enabled: false },
    tls: { enabled: false },
    data: {
      objectStore: { enabled: true, anonymous: true },
      cache: { kind: 'claim', claim: 'cache' },
    },
    runs: { storageClassName: 'nfs' },
    server: { spread: [], tolerations: [{ key: 'spot', operator: 'Exists' }] },
  },
};

/** What must be refused, and the words that name it. */
export const mistakes: [what: string, values: Record<string, unknown>, named: RegExp][] = [
  ['an unknown name at the top', { workers: 3 }, /'workers' not allowed/],
  ['an unknown name of a server', { server: { replica: 3 } }, /at '\/server'.*'replica' not allowed/],
  ['an unknown name of a pool', { pools: { cpu: { gpu: 1 } } }, /at '\/pools\/cpu'.*'gpu' not allowed/],
  ['an unknown resource', { server: { resources: { limits: { gpu: 1 } } } }, /'\/server\/resources\/limits'.*'gpu'/],
  ['no server', { server: { replicas: 0 } }, /'\/server\/replicas'.*minimum: got 0, want 1/],
  ['half a server', { server: { replicas: 1.5 } }, /'\/server\/replicas'.*want integer/],
  ['no pool', { pools: { cpu: null } }, /'\/pools'.*minProperties/],
  ['a pool whose name is no name', { pools: { GPU: {} } }, /'\/pools'.*GPU|'GPU'/],
  ['a pool of no workers', { pools: { cpu: { replicas: 0 } } }, /pools\.cpu\.replicas is 0.*at least 1/],
  [
    'fewer at most than at least',
    { pools: { cpu: { autoscaling: { kind: 'cpu', min: 5, max: 2 } } } },
    /cpu.*min is 5/,
  ],
  [
    'an autoscaler of an unknown kind',
    { workerDefaults: { autoscaling: { kind: 'vpa' } } },
    /autoscaling\/kind'.*keda/,
  ],
  ['KEDA without a Prometheus', { pools: { cpu: { autoscaling: { kind: 'keda' } } } }, /monitoring\.prometheusAddress/],
  ['a store of an unknown kind', { coordinator: { store: { kind: 'mysql' } } }, /store\/kind'.*sqlite/],
  [
    'a database of an unknown kind',
    { coordinator: { store: { kind: 'postgres', postgres: { url: 'mysql://db/polyak' } } } },
    /postgres\/url'.*mysql/,
  ],
  [
    'a database without a URL',
    { coordinator: { store: { kind: 'postgres' } } },
    /'\/coordinator\/store.*(secretName|url)/s,
  ],
  ['a bucket without credentials', { data: { objectStore: { enabled: true } } }, /objectStore\/secretName'.*minLength/],
  [
    'a bucket of checkpoints without credentials',
    { checkpoints: { bucket: { enabled: true, place: 's3://runs' } } },
    /checkpoints\/bucket\/secretName'.*minLength/,
  ],
  [
    'a bucket of checkpoints that is none',
    { checkpoints: { bucket: { enabled: true, secretName: 'keys', place: '/runs' } } },
    /checkpoints\/bucket\/place'/,
  ],
  [
    'a bucket of checkpoints without its place',
    { checkpoints: { bucket: { enabled: true, secretName: 'keys' } } },
    /checkpoints\/bucket\/place'.*minLength/,
  ],
  [
    'a coordinator open to the world without TLS',
    { tls: { enabled: false }, coordinator: { service: { type: 'LoadBalancer' } } },
    /coordinator\.service\.type is LoadBalancer without tls\.enabled/,
  ],
  [
    'monitors of a Prometheus that may not reach the metrics',
    { monitoring: { podMonitor: { enabled: true } } },
    /networkPolicy\.monitoringNamespace is empty/,
  ],
  [
    'a peer of an unknown kind',
    { networkPolicy: { dataEgress: [{ serviceSelector: {} }] } },
    /dataEgress\/0'.*'serviceSelector' not allowed/,
  ],
  ['a peer that is anybody', { networkPolicy: { clients: [{}] } }, /clients\/0'.*minProperties/],
  ['certificates of an unknown kind', { tls: { kind: 'acme' } }, /'\/tls\/kind'.*generated/],
  ['a cache without its claim', { data: { cache: { kind: 'claim' } } }, /cache\/claim'.*minLength/],
  ['a claim without a path', { data: { claims: [{ claim: 'datasets' }] } }, /'\/data\/claims\/0'.*path/],
  ['certificates without an issuer', { tls: { kind: 'certManager' } }, /issuer\/name'.*minLength/],
  ['a size that is none', { runs: { size: '50 GB' } }, /'\/runs\/size'/],
  ['a volume that one node has', { runs: { accessMode: 'ReadOnlyMany' } }, /'\/runs\/accessMode'.*ReadWriteMany/],
  ['a relative path', { runs: { path: 'runs' } }, /'\/runs\/path'.*'runs'/],
  ['a level of the log that there is not', { logLevel: 'verbose' }, /'\/logLevel'.*debug/],
  ['a network that is none', { networkPolicy: { dataEgress: [{ cidr: 'everywhere' }] } }, /dataEgress\/0\/cidr'/],
];
