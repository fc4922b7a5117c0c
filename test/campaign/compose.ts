/**
 * deploy/compose.yaml as it is shipped, brought up by podman-compose: the image of deploy/Dockerfile, and a Prometheus. Two things
 * are other than on a user's machine: Prometheus' image is made here around the one that is installed, and Grafana is left out, since
 * its image is to be had of a registry only.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { parse } from 'yaml';
import { packageRoot } from '../../common/package-root.js';
import { demand, findingOf, type Check } from '../kubernetes/check.js';
import { borrowName } from '../pods/borrowed-name.js';
import { ComposeProject, type ProjectPart } from '../pods/compose-project.js';
import { buildImage } from '../pods/image.js';
import { Podman } from '../pods/podman.js';
import { buildPrometheusImage } from '../pods/prometheus-image.js';
import type { Sample } from '../prometheus/programs.js';
import type { Finding } from './finding.js';

const file = join(packageRoot(), 'deploy/compose.yaml');
/** Not that of the file: whoever has a cluster of that name on this machine keeps it. */
const project = 'polyak-campaign';
const leftOut = 'grafana';
const coordinator = 'http://127.0.0.1:9350';
const prometheus = 'http://127.0.0.1:9090';
const trials = 27;
const limitMs = 240_000;
const kinds: readonly ProjectPart[] = ['container', 'network', 'pod', 'volume'];
/** What a panel of each dashboard is drawn from, and a rule that Prometheus evaluates itself. */
const queries = [
  'sum(polyak_worker_images_total) > 0',
  'sum(polyak_server_steps_total) > 0',
  'polyak_coordinator_processes{of="worker"} > 0',
  'polyak_sweep_best_objective > 0.8',
  'cluster:polyak_worker_activity:ratio_rate5m{activity="gradient"} > 0',
];

interface ComposeFile {
  services: Record<string, { image: string; profiles?: string[]; deploy?: { replicas?: number } }>;
}

export async function composeFindings(): Promise<Finding[]> {
  const { services } = parse(readFileSync(file, 'utf8'), { merge: true }) as ComposeFile;
  const podman = new Podman();
  const giveBack: (() => void)[] = [];
  try {
    const { image, version } = buildPrometheusImage(podman);
    giveBack.push(borrowName(podman, `localhost/${services['prometheus']?.image}`, image));
    giveBack.push(borrowName(podman, `localhost/${services['worker']?.image}:latest`, buildImage(podman)));
    const composed = new ComposeProject(podman, file, project);
    // Of an earlier campaign that was killed.
    clear(composed);
    try {
      return await findings(composeChecks(composed, services, version));
    } finally {
      clear(composed);
    }
  } finally {
    for (const back of giveBack) back();
    podman.remove();
  }
}

function clear(composed: ComposeProject): void {
  if (kinds.some((kind) => composed.parts(kind).length > 0)) composed.try('down', '--volumes', '--remove-orphans');
}

/** Each needs those before it. */
async function findings(checks: readonly Check[]): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const check of checks) {
    const finding = await findingOf(check);
    process.stderr.write(`${finding.passed ? 'passed' : 'FELL SHORT'}  ${finding.name}: ${finding.result}\n`);
    found.push(finding);
  }
  return found;
}

function composeChecks(composed: ComposeProject, services: ComposeFile['services'], version: string): Check[] {
  const started = Object.entries(services).filter(([name, { profiles }]) => name !== leftOut && !profiles);
  const names = started.map(([name]) => name);
  const containers = started.reduce((sum, [, { deploy }]) => sum + (deploy?.replicas ?? 1), 0);
  return [
    {
      name: 'deploy/compose.yaml comes up by podman-compose, and its coordinator, servers and workers are ready',
      run: async () => {
        composed.run('up', '--detach', ...names);
        const seen = await ready(composed, containers);
        const what = `Prometheus' image is one made here, with Debian's ${version}; Grafana's is not to be had without a registry and is left out`;
        return `${seen}; ${what}`;
      },
    },
    {
      name: 'a sweep submitted by the documented command finishes',
      run: async () => {
        const said = composed.run(...polyak('sweep', '/app/examples/digits-search.yaml'));
        const { state, best } = await onlySweep();
        demand(state === 'finished', `the sweep is ${state}, the command said ${said.slice(-400)}`);
        return `${trials} trials, the best ${best.toFixed(4)}`;
      },
    },
    {
      name: 'Prometheus scrapes every process, and has what the dashboards ask for',
      run: async () => await scraped(containers - 1),
    },
    {
      name: 'after `down` and `up` the cluster knows its runs',
      run: async () => {
        composed.run('down');
        demandNone(composed, ['container', 'network', 'pod']);
        composed.run('up', '--detach', ...names);
        await ready(composed, containers);
        const { state, best } = await onlySweep();
        demand(state === 'finished', `the sweep is ${state}`);
        const said = composed.run(...polyak('status', '@last'));
        return `the sweep is finished, its best ${best.toFixed(4)}; \`status @last\` says: ${said.split('\n')[0]}`;
      },
    },
    {
      name: '`down --volumes` leaves nothing',
      run: () => {
        const volumes = composed.parts('volume').length;
        demand(volumes > 5, `there were ${volumes} volumes`);
        composed.run('down', '--volumes');
        demandNone(composed, kinds);
        return `no container, network, pod or volume; there were ${containers} containers and ${volumes} volumes`;
      },
    },
  ];
}

/** podman-compose knows a service with a profile only where the profile is named, and has no terminal here. */
function polyak(...words: string[]): string[] {
  return ['--profile', 'commands', 'run', '--rm', '-T', 'polyak', ...words];
}

async function ready(composed: ComposeProject, containers: number): Promise<string> {
  await until('every container is there', () => {
    const there = composed.parts('container').length;
    return there === containers ? undefined : `${there} of ${containers}`;
  });
  await until('the coordinator is ready', async () => {
    const { status, said } = await get(`${coordinator}/readyz`);
    return status === 200 ? undefined : `${status} ${said}`;
  });
  let seen = '';
  await until('servers and workers attend', async () => {
    const { said: metrics } = await get(`${coordinator}/metrics`);
    const attending = (of: string) =>
      Number(
        new RegExp(`^polyak_coordinator_processes\\{[^}]*of="${of}"[^}]*\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0,
      );
    const servers = ['server-0', 'server-1'].flatMap((name) => composed.containers(name)).length;
    const workers = composed.containers('worker').length;
    seen = `${attending('server')} servers and ${attending('worker')} workers attend`;
    return attending('server') === servers && attending('worker') === workers ? undefined : seen;
  });
  return seen;
}

async function onlySweep(): Promise<{ state: string; best: number }> {
  const { sweeps } = JSON.parse((await get(`${coordinator}/api/v1/sweeps`)).said) as { sweeps: { key: string }[] };
  demand(sweeps.length === 1, `the coordinator has ${sweeps.length} sweeps`);
  const { said } = await get(`${coordinator}/api/v1/sweeps/${sweeps[0]?.key}`);
  const { state, counts, best } = JSON.parse(said) as {
    state: string;
    counts: Record<string, number>;
    best: { value: number } | null;
  };
  const there = Object.values(counts).reduce((sum, each) => sum + each, 0);
  demand(there === trials, `the sweep has ${there} trials`);
  return { state, best: best?.value ?? Number.NaN };
}

async function scraped(processes: number): Promise<string> {
  // Prometheus itself is no target of its file.
  await until('every target is up', async () => {
    const up = await ask('up');
    const away = up.filter(({ value }) => value[1] !== '1').map(({ metric }) => metric['instance']);
    return up.length === processes && away.length === 0
      ? undefined
      : `${up.length} of ${processes}, down: ${away.join(', ')}`;
  });
  const values: string[] = [];
  for (const query of queries) {
    await until(query, async () => ((await ask(query)).length > 0 ? undefined : 'no data'));
    values.push(`\`${query.replace(/ > .*/, '')}\` ${(await ask(query))[0]?.value[1]}`);
  }
  const { data } = JSON.parse((await get(`${prometheus}/api/v1/rules`)).said) as {
    data: { groups: { rules: { health: string }[] }[] };
  };
  const rules = data.groups.flatMap((group) => group.rules);
  const ill = rules.filter(({ health }) => health !== 'ok');
  demand(rules.length > 10 && ill.length === 0, `of ${rules.length} rules ${ill.length} are not well`);
  return `${processes} targets up; ${rules.length} rules evaluated; ${values.join(', ')}`;
}

async function ask(query: string): Promise<Sample[]> {
  const { said } = await get(`${prometheus}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
  const { data } = JSON.parse(said) as { data?: { result: Sample[] } };
  return data?.result ?? [];
}

/** On a connection of its own: while a command runs nothing else does here, and one that is kept is closed unseen. */
async function get(url: string): Promise<{ status: number; said: string }> {
  return await new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false }, (response) => {
      text(response).then((said) => resolve({ status: response.statusCode ?? 0, said }), reject);
    });
    request.on('error', reject);
  });
}

function demandNone(composed: ComposeProject, of: readonly ProjectPart[]): void {
  const left = of.flatMap((kind) => composed.parts(kind).map((name) => `${kind} ${name}`));
  demand(left.length === 0, `there are still ${left.join(', ')}`);
}

/** `missing` says what is missing. */
async function until(what: string, missing: () => string | undefined | Promise<string | undefined>): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    let last: string | undefined;
    try {
      last = await missing();
      if (last === undefined) return;
    } catch (error) {
      // What is not there yet refuses connections.
      if (!(error instanceof Error && 'code' in error)) throw error;
      last = error.message;
    }
    if (Date.now() > deadline) throw new Error(`not within ${limitMs / 1000} s: ${what}: ${last}`);
    await setTimeout(500);
  }
}
