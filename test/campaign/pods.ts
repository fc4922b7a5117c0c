/**
 * The pods that the chart renders, run by podman from the image of deploy/Dockerfile: a training through which a server and a
 * worker die and another worker is cut off, watched by a real Prometheus and Alertmanager. What Kubernetes itself does is the
 * part `kubernetes`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { packageRoot } from '../../common/package-root.js';
import type { RunEvent } from '../cluster/cluster-run.js';
import { Helm } from '../deploy/helm.js';
import { readManifests } from '../deploy/manifest.js';
import { exampleFile } from '../deploy/value-sets.js';
import { demand, findingOf, type Check } from '../kubernetes/check.js';
import { buildImage } from '../pods/image.js';
import { PodRelease } from '../pods/pod-release.js';
import { Podman } from '../pods/podman.js';
import { Alertmanager } from '../prometheus/alertmanager.js';
import { PrometheusServer } from '../prometheus/programs.js';
import { quickened } from '../prometheus/quickened.js';
import type { Finding } from './finding.js';

const ports = { coordinator: 9350, server: 9351, 'worker-cpu': 9352 } as const;
const shards = 2;
const workers = 2;
/** So many that a fast machine is not through before everything has happened; a slow one may have fewer. */
const epochs = Number(process.env['POLYAK_TEST_EPOCHS'] ?? 40);
/** Longer than a worker may be silent. */
const cutOffMs = 4000;
const limitMs = 180_000;

export async function podFindings(): Promise<Finding[]> {
  const podman = new Podman();
  try {
    const image = buildImage(podman);
    const helm = await Helm.find();
    if (typeof helm === 'string') throw new Error(helm);
    const [, repository, tag] = /^(.*):([^:]*)$/.exec(image) ?? [];
    const sets = `server.replicas=${shards},pools.cpu.replicas=${workers},image.repository=${repository},image.tag=${tag}`;
    const rendered = readManifests(helm.template('campaign', '--values', exampleFile('baked-in'), '--set', sets));
    const release = new PodRelease(podman, rendered, 'campaign');
    try {
      release.start();
      return await findings(release);
    } finally {
      release.stop();
    }
  } finally {
    podman.remove();
  }
}

async function findings(release: PodRelease): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const check of podChecks(release)) {
    const finding = await findingOf(check);
    process.stderr.write(`${finding.passed ? 'passed' : 'FELL SHORT'}  ${finding.name}: ${finding.result}\n`);
    found.push(finding);
  }
  return found;
}

function podChecks(release: PodRelease): Check[] {
  let undisturbed: RunEvent | undefined;
  return [
    { name: 'every pod answers its probe', run: async () => await probes(release) },
    {
      name: 'they run as the user 1000, without capabilities, on a root that cannot be written to',
      run: () => confinement(release),
    },
    {
      name: 'a training through the pods ends',
      run: async () => {
        undisturbed = await release.submit(trainingArguments('undisturbed'), () => undefined);
        return `weights ${String(undisturbed['weightsSha256']).slice(0, 16)}…`;
      },
    },
    {
      name: 'a server that is killed, a worker that is deleted and one that is cut off for a while change no number; while it stands still an alert is delivered',
      run: async () => {
        if (!undisturbed) throw new Error('there is nothing to compare with');
        const { end, seen } = await disturbed(release);
        for (const hash of ['weightsSha256', 'averageSha256'])
          demand(
            end[hash] === undisturbed[hash],
            `${hash} is ${String(end[hash])}, undisturbed ${String(undisturbed[hash])}`,
          );
        return `the same weights; ${seen.join('; ')}`;
      },
    },
    {
      name: 'with one processor and 1 GiB the heap and the number of workers are those of the limits',
      run: async () => await smallPod(release),
    },
  ];
}

function trainingArguments(state: string): string[] {
  const file = '/app/examples/invariance.yaml';
  return [file, `--epochs=${epochs}`, `--shards=${shards}`, '--set', 'checkpoint.every=0.5', `--state=/runs/${state}`];
}

async function probes(release: PodRelease): Promise<string> {
  for (const [component, port] of Object.entries(ports)) {
    for (const pod of release.names(component))
      await until(`${pod} answers`, async () => (await readyStatus(release, component, pod, port)) === 200);
  }
  return Object.keys(ports)
    .flatMap((component) => release.names(component))
    .join(', ');
}

/** As the probe of the chart asks, which does not look at certificates: the coordinator's port speaks TLS. */
async function readyStatus(release: PodRelease, component: string, pod: string, port: number): Promise<number> {
  const place = { host: release.address(pod), port, path: '/readyz', rejectUnauthorized: false };
  const get = component === 'coordinator' ? https.get : http.get;
  return await new Promise((resolve, reject) => {
    get(place, (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject);
  });
}

function confinement(release: PodRelease): string {
  const script =
    'id -u; id -g; grep -E "CapEff|CapBnd|NoNewPrivs" /proc/1/status; touch /app/x 2>&1 || true; touch /tmp/x && echo tmp';
  const said = Object.keys(ports).map((component) => release.execute(release.names(component)[0]!, 'sh', '-c', script));
  for (const text of said) {
    const [user, group] = text.split('\n');
    demand(user === '1000' && group === '1000', text);
    demand(/CapEff:\s+0+$/m.test(text) && /CapBnd:\s+0+$/m.test(text) && /NoNewPrivs:\s+1/.test(text), text);
    demand(text.includes('Read-only file system') && text.endsWith('tmp'), text);
  }
  return said[0]!.replaceAll('\n', ', ');
}

/** One run through which everything happens, at steps far apart. */
async function disturbed(release: PodRelease): Promise<{ end: RunEvent; seen: string[] }> {
  const seen: string[] = [];
  let step = 0;
  let failure: Error | undefined;
  const ending = release
    .submit(trainingArguments('disturbed'), (event) => {
      if (event.event === 'progress') step = Number(event['step']);
    })
    .catch((error: unknown) => {
      failure = error instanceof Error ? error : new Error(String(error));
      throw failure;
    });
  // It is awaited in the end; until then it must not count as unhandled.
  ending.catch(() => undefined);
  const reach = async (what: number) =>
    await until(`step ${what} (it is at ${step})`, () => {
      if (failure !== undefined) throw failure;
      return step >= what;
    });

  await reach(20);
  const server = release.names('server')[1]!;
  release.killContainer(server);
  await until(`${server} is started again`, () => release.restarts(server) > 0);
  seen.push(`${server} was killed after step ${step}`);

  await reach(step + 25);
  const [worker] = release.names('worker-cpu');
  const successor = release.deletePod(worker!);
  seen.push(`${worker} was deleted after step ${step}, ${successor} came`);

  await reach(step + 25);
  const [other] = release.names('worker-cpu');
  release.cutOff(other!);
  const cutAt = step;
  await Promise.all([setTimeout(cutOffMs), reach(step + 10)]);
  release.reconnect(other!);
  seen.push(`${other} was cut off from step ${cutAt} to ${step}`);

  await reach(step + 10);
  seen.push(await watched(release));
  return { end: await ending, seen };
}

/** The release is scraped; its workers stand still until somebody is told of it, and go on. */
async function watched(release: PodRelease): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-rules-'));
  const rules = ['polyak-rules.yml', 'polyak-alerts.yml'].map((name) => {
    const text = readFileSync(join(packageRoot(), 'deploy/prometheus', name), 'utf8');
    writeFileSync(join(folder, name), quickened(text));
    return join(folder, name);
  });
  const addresses = (component: keyof typeof ports) =>
    release.names(component).map((pod) => `${release.address(pod)}:${ports[component]}`);
  const targets = [...addresses('server'), ...addresses('worker-cpu')];
  const secured = {
    targets: addresses('coordinator'),
    authority: join(release.secretFolder('campaign-polyak-coordinator-tls'), 'ca.crt'),
    serverName: 'campaign-polyak-coordinator.training.svc',
  };
  const scraped = targets.length + secured.targets.length;
  const alertmanager = await Alertmanager.start();
  const prometheus = await PrometheusServer.start({ targets, secured, rules, alertmanager: alertmanager.address });
  try {
    await until('every pod is scraped', async () => {
      const up = await prometheus.query('up == 1');
      return up.length === scraped;
    });
    release.freeze('worker-cpu');
    try {
      await until('the alert is delivered', () => alertmanager.find('PolyakNoStep', 'firing') !== undefined);
    } finally {
      release.thaw('worker-cpu');
    }
    await until('the alert is taken back', () => alertmanager.find('PolyakNoStep', 'resolved') !== undefined);
    const { annotations } = alertmanager.find('PolyakNoStep', 'firing')!;
    return `${scraped} pods were scraped; the webhook was told: ${annotations['summary']}, and when it went on`;
  } finally {
    await prometheus.stop();
    await alertmanager.stop();
    rmSync(folder, { recursive: true });
  }
}

async function smallPod(release: PodRelease): Promise<string> {
  const limits = { cpu: '1', memory: '1Gi' };
  const script = `
    const { processorLimit } = await import('/app/dist/common/processor-limit.js');
    const { memoryLimitBytes } = await import('/app/dist/common/memory-limit.js');
    const { getHeapStatistics } = await import('node:v8');
    const heap = getHeapStatistics().heap_size_limit / 2 ** 20;
    console.log(JSON.stringify({ event: 'finished', processors: processorLimit(), memory: memoryLimitBytes(), heap }));`;
  const asked = { command: ['node', '--input-type=module', '--eval', script], args: [], resources: { limits } };
  const { processors, memory, heap } = await release.runClient(asked, () => undefined);
  demand(processors === 1, `it takes itself to have ${String(processors)} processors`);
  demand(memory === 2 ** 30, `it takes itself to have ${String(memory)} bytes`);
  demand(Number(heap) > 400 && Number(heap) < 640, `the heap may grow to ${String(heap)} MiB`);
  // Coordinator, server and worker in it.
  const args = ['train', '/app/examples/digits.yaml', '--steps=20', '--json', '--state=/tmp/runs'];
  let most = 0;
  const end = await release.runClient({ args, resources: { limits } }, ({ workers: count }) => {
    most = Math.max(most, Number(count ?? 0));
  });
  demand(most === 1, `${most} workers were started`);
  return `${Number(heap).toFixed(0)} MiB of heap, 1 worker, weights ${String(end['weightsSha256']).slice(0, 16)}…`;
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    let last: unknown;
    try {
      if (await isSo()) return;
    } catch (error) {
      // What is not there yet refuses connections.
      if (!(error instanceof TypeError || (error instanceof Error && 'code' in error))) throw error;
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${limitMs / 1000} s: ${what}`, { cause: last });
    await setTimeout(200);
  }
}
