/** The Helm chart, rendered by Helm itself: what a cluster would be given, and what is refused before. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../common/package-root.js';
import { Helm, chart } from './helm.js';
import { podTemplates, readManifests, selects, type Labels, type Manifest } from './manifest.js';
import { parseCommand } from './parse-command.js';
import { podFaults } from './pod-security.js';
import { bucketJobFile, sweepJob, sweepJobFile } from './sweep-job.js';
import { unknownFields } from './unknown-fields.js';
import { corners, exampleFile, examples, given, mistakes } from './value-sets.js';

const found = await Helm.find();
const reason = typeof found === 'string' ? `, skipped: ${found}` : '';
const helm = found as Helm;

function everySet(): [name: string, manifests: Manifest[]][] {
  return [
    ...examples.map((name): [string, string] => [name, helm.template('polyak', '-f', exampleFile(name))]),
    ...Object.entries(corners).map(([name, values]): [string, string] => [name, helm.template('y', ...given(values))]),
  ].map(([name, text]) => [name, readManifests(text)]);
}

function ofKind(manifests: readonly Manifest[], kind: string): Manifest[] {
  return manifests.filter((manifest) => manifest.kind === kind);
}

/** Keys and certificates are others each time that Helm makes them. */
function withoutChance(text: string): string {
  return text.replace(/^( +(?:tls\.crt|tls\.key|ca\.crt|polyak-renew-after): ).+$/gm, '$1(made by Helm)');
}

describe.skipIf(typeof found === 'string')(`the Helm chart${reason}`, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'polyak-chart-'));
  afterAll(() => rmSync(scratch, { recursive: true }));
  const sets = typeof found === 'string' ? [] : everySet();

  it.each(examples)('has nothing that helm lint --strict minds, with the values of %s', (name) => {
    const { status, stdout, stderr } = helm.run('lint', '--strict', chart, '-f', exampleFile(name));
    expect(stdout + stderr).toContain('0 chart(s) failed');
    expect(status).toBe(0);
  });

  it.each(examples)('is rendered with the values of %s as it was', async (name) => {
    const documents = helm.template('polyak', '-f', exampleFile(name)).split(/^---$/m);
    // Rules and dashboards are what they are in their own folders, of which another test makes sure.
    const own = documents.filter((text) => !/^kind: PrometheusRule$|^ +grafana_dashboard:/m.test(text));
    await expect(withoutChance(own.join('---'))).toMatchFileSnapshot(`snapshots/${name}.yaml`);
  });

  it('has no field that Kubernetes or the operators do not know, and none of a wrong type', () => {
    expect(unknownFields(sets.flatMap(([, manifests]) => manifests))).toBe('');
  });

  it('would not pass with a field that is misspelt, or a number where a text must be', () => {
    const manifests = readManifests(helm.template('polyak', '-f', exampleFile('object-store')));
    const text = JSON.stringify(manifests);
    const spoilt = (from: RegExp, to: string) => unknownFields(JSON.parse(text.replace(from, to)) as Manifest[]);
    expect(spoilt(/"readOnlyRootFilesystem"/, '"readonlyRootFilesystem"')).toContain('readonlyRootFilesystem');
    expect(spoilt(/"minReplicaCount"/, '"minReplicas"')).toContain('minReplicas');
    expect(spoilt(/"podMetricsEndpoints"/, '"endpoints"')).toContain('endpoints');
    expect(spoilt(/"app.kubernetes.io\/instance":"polyak"/, '"app.kubernetes.io/instance":true')).toContain('boolean');
  });

  it.each(sets)('makes only pods that the Pod Security level restricted admits: %s', (_, manifests) => {
    const pods = podTemplates(manifests);
    expect(pods.length).toBeGreaterThanOrEqual(4);
    expect(pods.flatMap(podFaults)).toEqual([]);
  });

  it.each(sets)('has selectors that find what they are meant for: %s', (_, manifests) => {
    const pods = podTemplates(manifests);
    const findsOne = (owner: string, selector: Labels) => {
      const hasPods = pods.some(({ labels }) => selects(selector, labels));
      expect({ owner, hasPods }).toEqual({ owner, hasPods: true });
    };
    for (const { kind, metadata, spec = {} } of manifests) {
      const owner = `${kind} ${metadata.name}`;
      if (kind === 'StatefulSet' || kind === 'Deployment') {
        const { matchLabels } = spec['selector'] as { matchLabels: Labels };
        expect(pods.filter(({ labels }) => selects(matchLabels, labels)).map((pod) => pod.owner)).toEqual([owner]);
      }
      if (kind === 'PodDisruptionBudget' || kind === 'PodMonitor')
        findsOne(owner, (spec['selector'] as { matchLabels: Labels }).matchLabels);
      if (kind === 'NetworkPolicy') findsOne(owner, (spec['podSelector'] as { matchLabels: Labels }).matchLabels);
      if (kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject') {
        const target = spec['scaleTargetRef'] as { name: string };
        const scaled = ofKind(manifests, 'Deployment').find((each) => each.metadata.name === target.name);
        expect(scaled?.spec).toBeDefined();
        // Helm and the autoscaler would take turns.
        expect(scaled?.spec).not.toHaveProperty('replicas');
      }
      if (kind === 'Service') {
        const chosen = pods.filter(({ labels }) => selects(spec['selector'] as Labels, labels));
        const ports = chosen.flatMap((pod) => pod.spec.containers.flatMap((container) => container.ports ?? []));
        for (const { targetPort } of spec['ports'] as { targetPort: string }[])
          expect(ports.map(({ name }) => name)).toContain(targetPort);
      }
    }
  });

  it.each(sets)('mounts every volume that a pod has, no other, and each at a path of its own: %s', (_, manifests) => {
    for (const { owner, spec } of podTemplates(manifests)) {
      const set = manifests.find(({ kind, metadata }) => owner === `${kind} ${metadata.name}`)?.spec ?? {};
      const claims = (set['volumeClaimTemplates'] ?? []) as { metadata: { name: string } }[];
      const names = [...(spec.volumes ?? []).map(({ name }) => name), ...claims.map(({ metadata }) => metadata.name)];
      const mounts = spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
      const mounted = new Set(mounts.map(({ name }) => name));
      expect({ owner, mounted }).toEqual({ owner, mounted: new Set(names) });
      expect(new Set(mounts.map(({ mountPath }) => mountPath)).size).toBe(mounts.length);
    }
  });

  it.each(sets)('gives the commands only flags that they have, and values that these take: %s', (_, manifests) => {
    for (const { spec } of podTemplates(manifests)) {
      for (const { args = [] } of spec.containers)
        // Variables are numbers where a flag wants one.
        expect(() => parseCommand(args.map((word) => word.replaceAll(/\$\(\w+\)/g, '0')))).not.toThrow();
    }
  });

  it.each(sets)(
    'asks pods that go on whether they live, and whether they do their part, by TLS where that is spoken: %s',
    (_, manifests) => {
      const isSecured = manifests.some(({ kind, metadata }) => kind === 'Secret' && metadata.name.endsWith('-tls'));
      for (const { owner, spec } of podTemplates(manifests).filter((pod) => !pod.owner.startsWith('Pod '))) {
        const [{ startupProbe, readinessProbe, livenessProbe } = {}] = spec.containers;
        const paths = [startupProbe, readinessProbe, livenessProbe].map((probe) => probe?.httpGet.path);
        expect({ owner, paths }).toEqual({ owner, paths: ['/healthz', '/readyz', '/healthz'] });
        if (isSecured) expect(readinessProbe?.httpGet.scheme).toBe(owner.endsWith('-coordinator') ? 'HTTPS' : 'HTTP');
      }
    },
  );

  it.each(sets)('lets nobody in who is not named: %s', (_, manifests) => {
    for (const { metadata, spec = {} } of ofKind(manifests, 'NetworkPolicy')) {
      const rules = spec['ingress'] as { from?: unknown[] }[];
      const open = rules.filter(({ from = [] }) => from.length === 0);
      expect({ name: metadata.name, open }).toEqual({ name: metadata.name, open: [] });
    }
  });

  it("lets the monitoring's namespace read the metrics, and nothing else", () => {
    const manifests = readManifests(helm.template('polyak', '--set', 'networkPolicy.monitoringNamespace=watch'));
    const ports = ofKind(manifests, 'NetworkPolicy').flatMap(({ spec = {} }) =>
      (spec['ingress'] as { from: unknown; ports: { port: number }[] }[])
        .filter(({ from }) => JSON.stringify(from).includes('"watch"'))
        .flatMap((rule) => rule.ports.map(({ port }) => port)),
    );
    expect(ports).toEqual([9350, 9351, 9352]);
  });

  it('lets workers and servers reach pods of the cluster that are named by labels', () => {
    const manifests = readManifests(helm.template('polyak', '-f', exampleFile('object-store')));
    const store = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'storage' } },
      podSelector: { matchLabels: { app: 'minio' } },
    };
    for (const name of ['polyak-server', 'polyak-worker']) {
      const policy = ofKind(manifests, 'NetworkPolicy').find(({ metadata }) => metadata.name === name);
      expect(policy?.spec?.['egress']).toContainEqual({ to: [store] });
    }
  });

  it('divides the workers that are wanted among two pools by their shares', () => {
    const autoscaling = { kind: 'wanted', share: 0.5 };
    const pools = { cpu: { autoscaling }, more: { autoscaling: { ...autoscaling, share: 0.3 } } };
    const manifests = readManifests(helm.template('polyak', ...given({ pools })));
    const each = ofKind(manifests, 'HorizontalPodAutoscaler').map(({ spec = {} }) => {
      const [metric] = spec['metrics'] as { external: { target: { averageValue: string } } }[];
      return metric?.external.target.averageValue;
    });
    // Of 100 an autoscaler makes ceil(100 / 2) and ceil(100 / 3.333).
    expect(each).toEqual(['2000m', '3333m']);
  });

  it.each(sets)('keeps the logs of trials on a volume, whatever the store is: %s', (_, manifests) => {
    const coordinator = podTemplates(manifests).find(({ owner }) => owner.endsWith('-coordinator'));
    const set = ofKind(manifests, 'StatefulSet').find(({ metadata }) => metadata.name.endsWith('-coordinator'));
    const own = (set?.spec?.['volumeClaimTemplates'] ?? []) as { metadata: { name: string } }[];
    const claims = new Set(ofKind(manifests, 'PersistentVolumeClaim').map(({ metadata }) => metadata.name));
    const volumes = (coordinator?.spec.volumes ?? []) as {
      name: string;
      persistentVolumeClaim?: { claimName: string };
    }[];
    const lasting = new Set([
      ...own.map(({ metadata }) => metadata.name),
      ...volumes.flatMap(({ name, persistentVolumeClaim: claim }) =>
        claim && claims.has(claim.claimName) ? [name] : [],
      ),
    ]);
    const [{ args = [], volumeMounts = [] } = {}] = coordinator?.spec.containers ?? [];
    const folder = args.flatMap((word) => /^--(?:logs|store)=(\/.*)$/.exec(word)?.[1] ?? [])[0];
    const mount = volumeMounts.find(({ mountPath }) => folder?.startsWith(`${mountPath}/`));
    expect({ folder, isLasting: lasting.has(mount?.name ?? '') }).toEqual({
      folder: expect.any(String) as string,
      isLasting: true,
    });
  });

  it('has no volume of the runs where checkpoints lie in a bucket, and tests itself with that', () => {
    const text = helm.template('polyak', '-f', exampleFile('object-store'));
    expect(text).not.toMatch(/polyak-runs|mountPath: \/runs/);
    const test = podTemplates(readManifests(text)).find(({ owner }) => owner.startsWith('Pod '));
    const [{ args, env } = {}] = test?.spec.containers ?? [];
    expect(env).toContainEqual({ name: 'POLYAK_CHECKPOINTS', value: 's3://checkpoints/polyak' });
    expect(args).toContain('--state=/tmp/helm-test');
  });

  it('starts a worker process for each GPU of a pod that has several, and scrapes each', () => {
    const values = {
      pools: { one: { gpus: 1 }, four: { gpus: 4 } },
      monitoring: { podMonitor: { enabled: true } },
      networkPolicy: { monitoringNamespace: 'watch' },
    };
    const manifests = readManifests(helm.template('polyak', ...given(values)));
    const pods = podTemplates(manifests).filter(({ labels }) => labels['polyak-role'] === 'worker');
    const seen = pods.map(({ owner, spec }) => {
      const [{ args = [], ports = [] } = {}] = spec.containers;
      return [owner.replace(/.*-/, ''), args.includes('--gpus=all'), ports.map(({ containerPort }) => containerPort)];
    });
    expect(seen).toEqual([
      ['cpu', false, [9352]],
      ['four', true, [9352, 9353, 9354, 9355]],
      ['one', false, [9352]],
    ]);
    const [monitor] = ofKind(manifests, 'PodMonitor');
    const scraped = (monitor?.spec?.['podMetricsEndpoints'] ?? []) as { port: string }[];
    expect(scraped.map(({ port }) => port)).toEqual(['metrics', 'metrics-1', 'metrics-2', 'metrics-3']);
    const policy = ofKind(manifests, 'NetworkPolicy').find(({ metadata }) => metadata.name === 'polyak-worker');
    expect(policy?.spec?.['ingress']).toMatchObject([{ ports: [{ port: 9352, endPort: 9355 }] }]);
  });

  it.each([
    ['object-store', '--coordinator localhost:7350 --checkpoints s3://checkpoints/polyak'],
    ['volume', 'deploy/helm/polyak/examples/sweep-job.yaml'],
  ] as const)('says how a sweep is submitted, with the values of %s', (name, how) => {
    const words = ['install', 'polyak', chart, '--namespace', 'training', '--dry-run=client', '-f', exampleFile(name)];
    const notes = helm.run(...words).stdout.split(/^NOTES:$/m)[1] ?? '';
    expect(notes).toContain(how);
    expect(notes).toContain('get secret polyak-admin-tls');
    expect(notes).toContain('POLYAK_TLS_AUTHORITY=ca.crt');
    for (const [, command = ''] of notes.matchAll(/^ {2}polyak (.*)$/gm))
      expect(() => parseCommand(command.split(' '))).not.toThrow();
  });

  it.each(mistakes)('refuses %s by its name', (_, values, named) => {
    const { status, stderr } = helm.run('template', 'polyak', chart, ...given(values));
    expect(status).not.toBe(0);
    expect(stderr).toMatch(named);
  });

  it.each([
    ['polyak', 'polyak-server'],
    ['y', 'y-polyak-server'],
    ['n', 'n-polyak-server'],
    ['a-name-that-is-nearly-too-long-for-anything-of-it', 'a-name-that-is-nearly-too-long-fo-polyak-server'],
  ])('may be released as %s', (release, server) => {
    const manifests = readManifests(helm.template(release));
    expect(ofKind(manifests, 'StatefulSet').map(({ metadata }) => metadata.name)).toContain(server);
    for (const { kind, metadata } of manifests) {
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/instance': release });
      expect(metadata.name).toMatch(kind === 'Secret' ? /^[a-z][a-z0-9-]{0,62}$/ : /^[a-z][a-z0-9-]{0,51}$/);
    }
    expect(unknownFields(manifests)).toBe('');
  });

  it('refuses a release whose Services would have no name', () => {
    expect(helm.run('template', '1e3', chart).stderr).toContain("the release is named '1e3'");
  });

  it('gives every server its number and a name of its own', () => {
    const server = podTemplates(readManifests(helm.template('polyak'))).find(({ owner }) => owner.includes('-server'));
    const [{ args, env } = {}] = server?.spec.containers ?? [];
    expect(args).toContain('--advertise=$(POD_NAME).polyak-server.training.svc:7351');
    expect(args).toContain('--shard=$(POLYAK_SHARD)');
    expect(env).toContainEqual({
      name: 'POLYAK_SHARD',
      valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } },
    });
  });

  it('has the rules and dashboards of deploy/prometheus and deploy/grafana, as they are', () => {
    const copy = join(scratch, 'polyak');
    cpSync(chart, copy, { recursive: true, dereference: true });
    const groups = [
      { name: 'more', rules: [{ alert: 'X', expr: 'up == 0', annotations: { summary: '{{ $value }}' } }] },
    ];
    writeFileSync(join(copy, 'files/prometheus/polyak-more.yml'), JSON.stringify({ groups }));
    writeFileSync(join(copy, 'files/prometheus/polyak-more.test.yml'), JSON.stringify({ groups, tests: [] }));
    writeFileSync(join(copy, 'files/grafana/more.json'), '{"title": "{{ more }}"}');
    const on = { monitoring: { rules: { enabled: true }, dashboards: { enabled: true } } };
    const { stdout } = helm.run('template', 'polyak', copy, ...given(on));
    const manifests = readManifests(stdout);
    const folder = join(packageRoot(), 'deploy/prometheus');
    const files = readdirSync(folder).filter((name) => /^polyak-[a-z]+\.yml$/.test(name));
    const own = files.map((name) => parse(readFileSync(join(folder, name), 'utf8')) as { groups: unknown[] });
    const [rule] = ofKind(manifests, 'PrometheusRule');
    const has = rule?.spec?.['groups'] as unknown[];
    expect(has).toHaveLength(own.flatMap((file) => file.groups).length + 1);
    expect(has).toEqual(expect.arrayContaining([...own.flatMap((file) => file.groups), ...groups]));
    const boards = Object.assign({}, ...ofKind(manifests, 'ConfigMap').map(({ data }) => data)) as Labels;
    expect(boards['more.json']).toBe('{"title": "{{ more }}"}');
    expect(unknownFields(manifests)).toBe('');
  });
});

describe('a Job that submits a sweep', () => {
  it.each([sweepJobFile, bucketJobFile])(
    'has only fields that there are, and pods that restricted admits: %s',
    (file) => {
      expect(unknownFields([sweepJob(file)])).toBe('');
      expect(podTemplates([sweepJob(file)]).flatMap(podFaults)).toEqual([]);
    },
  );
});
