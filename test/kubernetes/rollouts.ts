/** A release's life on a cluster: installed, tested, scaled, upgraded, broken, taken back, drained. Each check goes on from the last. */
import { readFileSync } from 'node:fs';
import { sweepJobFile } from '../deploy/sweep-job.js';
import { exampleFile } from '../deploy/value-sets.js';
import { demand, type Check } from './check.js';
import { identities, isReady, names, until, type Pod, type Release } from './release.js';
import { nodes } from './scenery.js';

const atFirst = ['--values', exampleFile('baked-in'), '--set=server.replicas=2,pools.cpu.replicas=3'];

export function rolloutChecks(release: Release): Check[] {
  const { namespace } = release;
  let certificates: readonly string[] = [];
  return [
    {
      name: 'it is installed, and every pod becomes ready',
      run: async () => {
        release.install(...atFirst);
        await release.untilReady({ coordinator: 1, server: 2, 'worker-cpu': 3 });
        const events = release.cluster.get<{ type: string; reason: string; message: string }>(
          'events',
          '-n',
          namespace,
        );
        const refused = events.filter(({ reason }) => reason === 'FailedCreate');
        demand(refused.length === 0, refused.map(({ message }) => message).join('; '));
        certificates = certificatesOf(release);
        return names(release.pods()).join(', ');
      },
    },
    {
      name: 'servers are on different nodes and zones, and each is told its number',
      run: () => {
        const servers = release.pods('server');
        const zones = new Set(servers.map(({ spec }) => spec.nodeName?.slice(0, -1)));
        demand(zones.size === 2, `servers are in ${[...zones].join(', ')}`);
        const numbers = servers
          .map(({ metadata }) => Number(metadata.labels['apps.kubernetes.io/pod-index']))
          .toSorted((a, b) => a - b);
        demand(numbers.join() === '0,1', `the numbers of the servers are ${numbers.join()}`);
        return servers.map(({ metadata, spec }) => `${metadata.name} on ${spec.nodeName}`).join(', ');
      },
    },
    {
      name: 'every Service has the addresses of the pods that it is for',
      run: () => {
        const slices = release.cluster.get<{
          metadata: { labels: Record<string, string> };
          endpoints: unknown[] | null;
        }>('endpointslices', '-n', namespace);
        const counts = slices.map(
          ({ metadata, endpoints }) => `${metadata.labels['kubernetes.io/service-name']} ${endpoints?.length ?? 0}`,
        );
        demand(
          counts.toSorted().join() === 'polyak-coordinator 1,polyak-server 2',
          `the Services have ${counts.join(', ')}`,
        );
        return counts.join(', ');
      },
    },
    { name: 'its test is admitted and ends', run: () => lastLine(release.helm('test', release.name, '--logs')) },
    {
      name: 'the Job of a sweep ends; one whose pod is evicted gets another; one that exits 3 fails at once',
      run: async () => await jobs(release),
    },
    {
      name: 'more shards and workers come without a restart of those that are there',
      run: async () => {
        const before = identities(release.pods());
        release.upgrade('--set=server.replicas=3,pools.cpu.replicas=5');
        await release.untilReady({ coordinator: 1, server: 3, 'worker-cpu': 5 });
        const gone = [...before].filter((uid) => !identities(release.pods()).has(uid));
        demand(gone.length === 0, `${gone.length} pods were replaced`);
        return `${before.size} pods stayed, ${release.pods().length} are there`;
      },
    },
    {
      name: 'an upgrade to another image replaces every pod, never fewer workers than there are to be',
      run: async () => {
        const before = identities(release.pods());
        release.upgrade('--set=image.tag=0.2.0');
        await release.untilReady({ coordinator: 1, server: 3, 'worker-cpu': 5 });
        const after = release.pods();
        demand(
          after.every(({ spec }) => spec.containers.every(({ image }) => image === 'polyak:0.2.0')),
          'some pods have the image of before',
        );
        demand(
          after.every(({ metadata }) => !before.has(metadata.uid)),
          'some pods were not replaced',
        );
        return `${after.length} pods of polyak:0.2.0`;
      },
    },
    {
      name: 'upgrades keep the certificates that Helm has made',
      run: () => {
        const now = certificatesOf(release);
        demand(now.length > 3, `there are ${now.length} Secrets of certificates`);
        demand(now.join() === certificates.join(), 'some certificates are others than after the install');
        return `${now.length} Secrets`;
      },
    },
    ...['broken', 'unready'].map((tag) => ({
      name: `an upgrade to an image that ${tag === 'broken' ? 'cannot be pulled' : 'never becomes ready'} stops, and is taken back`,
      run: async () => await brokenRollout(release, tag),
    })),
    {
      name: 'a drain that would take a second server away is refused by the budget, and goes through when the first is back',
      run: async () => await drains(release),
    },
    {
      name: 'what an autoscaler has chosen outlives an upgrade',
      run: async () => await autoscaled(release),
    },
    {
      name: 'a release of another name may stand beside it',
      run: async () => {
        release.helm('install', 'other', release.cluster.chart, ...atFirst, '--wait', '--timeout=3m');
        const services = release.kubectl('get', 'services', '--output=name').trim().split('\n');
        demand(services.includes('service/other-polyak-coordinator'), services.join());
        await release.untilReady({ coordinator: 1, server: 3 });
        release.helm('uninstall', 'other', '--wait');
        release.kubectl('delete', 'pvc', 'other-polyak-runs', 'store-other-polyak-coordinator-0');
        return services.join(', ');
      },
    },
  ];
}

/** With their keys, by name. */
function certificatesOf(release: Release): string[] {
  return release.cluster
    .get<{ metadata: { name: string }; type: string; data: Record<string, string> }>(
      'secrets',
      `--namespace=${release.namespace}`,
    )
    .filter(({ data }) => 'tls.crt' in data)
    .map(({ metadata, data }) => `${metadata.name} ${JSON.stringify(data)}`);
}

async function jobs(release: Release): Promise<string> {
  const job = (name: string, code = '0') =>
    readFileSync(sweepJobFile, 'utf8')
      .replaceAll('digits-search', name)
      .replace(/polyak-client: .*/, `$&\n        exit-code: "${code}"`);
  const condition = (name: string, type: string) => () =>
    release.cluster
      .get<{ metadata: { name: string }; status: { conditions?: { type: string; status: string }[] } }>(
        'jobs',
        `--namespace=${release.namespace}`,
      )
      .some(
        ({ metadata, status }) =>
          metadata.name === name && status.conditions?.some((each) => each.type === type && each.status === 'True'),
      );
  const podsOf = (name: string) =>
    release.cluster.get<Pod>('pods', `--namespace=${release.namespace}`, `--selector=job-name=${name}`);
  for (const [name, code] of [
    ['ends', '0'],
    ['evicted', '0'],
    ['wrong', '3'],
  ] as const)
    release.cluster.apply(job(name, code), '--namespace', release.namespace);
  await until('the pod that is to be evicted is ready', () => podsOf('evicted').some(isReady));
  const first = podsOf('evicted')[0]!;
  release.cluster.evict(release.namespace, first.metadata.name);
  await until('the Job ends', condition('ends', 'Complete'));
  await until('the Job whose pod was evicted ends', condition('evicted', 'Complete'));
  await until('the Job that exits 3 fails', condition('wrong', 'Failed'));
  demand(podsOf('wrong').length === 1, `the Job that exits 3 has had ${podsOf('wrong').length} pods`);
  const second = podsOf('evicted').find(({ metadata }) => metadata.uid !== first.metadata.uid);
  demand(second !== undefined, 'the evicted pod was not followed by another');
  for (const name of ['ends', 'evicted', 'wrong']) release.kubectl('delete', 'job', name);
  return `${first.metadata.name} was followed by ${second.metadata.name}`;
}

async function brokenRollout(release: Release, tag: string): Promise<string> {
  const workers = identities(release.pods('worker-cpu'));
  const servers = identities(release.pods('server'));
  const succeeded = release.upgradeSucceeds('20s', `--set=image.tag=${tag}`);
  demand(!succeeded, `the tag ${tag} was rolled out`);
  const keeps = (pods: Pod[], before: Set<string>) =>
    pods.filter((pod) => before.has(pod.metadata.uid) && isReady(pod)).length;
  const [keptWorkers, keptServers] = [
    keeps(release.pods('worker-cpu'), workers),
    keeps(release.pods('server'), servers),
  ];
  demand(keptWorkers === workers.size, `${keptWorkers} of ${workers.size} workers were kept`);
  demand(keptServers === servers.size - 1, `${keptServers} of ${servers.size} servers were kept`);
  release.rollback();
  await until('the taken back release is ready', () => {
    // As docs/operations.md says: a StatefulSet waits for a pod that never became ready.
    for (const pod of release
      .pods()
      .filter((each) => each.spec.containers.some(({ image }) => image.endsWith(`:${tag}`))))
      release.kubectl('delete', 'pod', pod.metadata.name, '--wait=false', '--ignore-not-found');
    const pods = release.pods();
    return pods.length === 9 && pods.every(isReady);
  });
  const again = identities(release.pods());
  const replaced = [...servers].filter((uid) => !again.has(uid)).length;
  return `${keptWorkers} of ${workers.size} workers and ${keptServers} of ${servers.size} servers went on; ${replaced} server was replaced in all`;
}

async function drains(release: Release): Promise<string> {
  const { cluster } = release;
  const nodeOf = (name: string) =>
    release.pods('server').find(({ metadata }) => metadata.name === name)!.spec.nodeName!;
  const drain = (node: string, timeout: string) =>
    cluster.try(['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', `--timeout=${timeout}`]);
  // So that what is evicted finds no place.
  for (const node of nodes) cluster.kubectl('cordon', node);
  try {
    const first = drain(nodeOf('polyak-server-0'), '60s');
    demand(first.status === 0, `the first drain was refused: ${first.stderr}`);
    await until('the evicted server waits', () => release.pods('server').filter(isReady).length === 2);
    const second = drain(nodeOf('polyak-server-1'), '12s');
    demand(second.status !== 0 && second.stderr.includes("violate the pod's disruption budget"), second.stderr);
    const still = release.pods('server').filter(isReady).length;
    demand(still === 2, `${still} servers are left`);
    for (const node of nodes) cluster.kubectl('uncordon', node);
    await release.untilReady({ coordinator: 1, server: 3, 'worker-cpu': 5 });
    const third = drain(nodeOf('polyak-server-1'), '60s');
    demand(third.status === 0, `the third drain was refused: ${third.stderr}`);
    await release.untilReady({ coordinator: 1, server: 3, 'worker-cpu': 5 });
    return /error when evicting.*budget\./.exec(second.stderr)?.[0] ?? 'refused';
  } finally {
    for (const node of nodes) cluster.kubectl('uncordon', node);
  }
}

async function autoscaled(release: Release): Promise<string> {
  const scaling = '--set=pools.cpu.autoscaling.kind=cpu,pools.cpu.autoscaling.min=2,pools.cpu.autoscaling.max=20';
  release.upgrade(scaling);
  const target = 'deployment/polyak-worker-cpu';
  const [autoscaler] = release.cluster.get<{ spec: { minReplicas: number; maxReplicas: number } }>(
    'horizontalpodautoscalers',
    `--namespace=${release.namespace}`,
  );
  demand(autoscaler?.spec.minReplicas === 2 && autoscaler.spec.maxReplicas === 20, 'there is no autoscaler of 2 to 20');
  // There are no metrics here by which it could choose.
  release.kubectl('scale', target, '--replicas=7');
  await release.untilReady({ 'worker-cpu': 7 });
  release.upgrade('--set=logLevel=debug');
  await release.untilReady({ 'worker-cpu': 7 });
  return 'seven workers before and after';
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
