/**
 * The programs of a control plane (etcd, API server, controllers, scheduler, kwok) and the schemas of the operators whose objects
 * the chart makes, built and brought once from Go's modules, each at a version whose checksum is fixed here or in go.sum. It
 * starts nothing of them.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { cacheFolder } from '../../common/cache-folder.js';
import { withLock } from '../../common/lock-file.js';
import { packageRoot } from '../../common/package-root.js';

const kubernetesVersion = 'v1.36.3';
const sources = join(packageRoot(), 'test/kubernetes/control-plane');

/** Schemas within modules that are not in go.mod: nothing of their code is built. */
const operators = [
  {
    module: 'github.com/cert-manager/cert-manager@v1.21.2',
    sum: 'h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=',
    files: ['deploy/crds/cert-manager.io_certificates.yaml'],
  },
  {
    module: 'github.com/kedacore/keda/v2@v2.21.0',
    sum: 'h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=',
    files: ['config/crd/bases/keda.sh_scaledobjects.yaml'],
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    files: ['podmonitors', 'prometheusrules'].map(
      (name) => `example/prometheus-operator-crd/monitoring.coreos.com_${name}.yaml`,
    ),
  },
];

export interface KubernetesPrograms {
  /** Has etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok. */
  folder: string;
  /** Files of CustomResourceDefinitions. */
  schemas: string[];
}

/** Eight minutes on two cores where nothing is built yet, at a low priority. Errors: what is missing, or does not build. */
export async function kubernetesPrograms(): Promise<KubernetesPrograms> {
  const folder = join(cacheFolder(), `kubernetes-${kubernetesVersion}-${key()}`);
  mkdirSync(cacheFolder(), { recursive: true });
  await withLock(
    join(cacheFolder(), 'kubernetes.lock'),
    () => process.stderr.write('another process builds the control plane; waiting for it\n'),
    async () => {
      if (!existsSync(folder)) await build(folder);
    },
  );
  const schemas = readdirSync(join(folder, 'schemas')).map((name) => join(folder, 'schemas', name));
  return { folder, schemas };
}

/** What is built depends on these, and on nothing else. */
function key(): string {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum', 'main.go']) hash.update(readFileSync(join(sources, name)));
  hash.update(JSON.stringify(operators));
  return hash.update(goVersion()).digest('hex').slice(0, 12);
}

function goVersion(): string {
  const { stdout, error } = spawnSync('go', ['env', 'GOVERSION'], { cwd: sources, encoding: 'utf8' });
  if (error) throw new Error(`the control plane is built by Go 1.26 or newer, which is not here: ${error.message}`);
  return stdout.trim();
}

async function build(folder: string): Promise<void> {
  const work = mkdtempSync(join(cacheFolder(), 'kubernetes-build-'));
  try {
    const result = join(work, 'result');
    mkdirSync(join(result, 'schemas'), { recursive: true });
    // Both caches are of gigabytes, and wanted only once.
    const environment = {
      ...process.env,
      CGO_ENABLED: '0',
      GOFLAGS: '-buildvcs=false -modcacherw',
      GOCACHE: join(work, 'compiled'),
      GOMODCACHE: join(work, 'modules'),
    };
    await buildPrograms(result, environment);
    for (const { module, sum, files } of operators) {
      const from = download(module, sum, work, environment);
      for (const name of files) copyFileSync(join(from, name), join(result, 'schemas', basename(name)));
    }
    renameSync(result, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function buildPrograms(result: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const [major, minor] = kubernetesVersion.slice(1).split('.');
  const version = 'k8s.io/component-base/version';
  // Without them it says that it is v0.0.0, and clients fear for their compatibility.
  const versions = [
    `-X ${version}.gitVersion=${kubernetesVersion}`,
    `-X ${version}.gitMajor=${major}`,
    `-X ${version}.gitMinor=${minor}`,
  ];
  await go(environment, [], '-o', join(result, 'etcd'), 'go.etcd.io/etcd/server/v3');
  await go(environment, [], '-o', join(result, 'kwok'), 'sigs.k8s.io/kwok/cmd/kwok');
  await go(environment, versions, '-o', join(result, 'kube-apiserver'), '.');
  for (const name of ['kube-controller-manager', 'kube-scheduler']) symlinkSync('kube-apiserver', join(result, name));
}

async function go(environment: NodeJS.ProcessEnv, link: string[], ...args: string[]): Promise<void> {
  const flags = ['-trimpath', '-p', String(availableParallelism()), '-ldflags', ['-s -w', ...link].join(' ')];
  const command = ['-n', '10', 'go', 'build', ...flags, ...args];
  const child = spawn('nice', command, { cwd: sources, env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`go build ${args.join(' ')} exited ${code}`);
}

function download(module: string, sum: string, folder: string, environment: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr } = spawnSync('go', ['mod', 'download', '-json', module], {
    cwd: folder,
    env: environment,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`go mod download ${module}: ${stderr}${stdout}`);
  const got = JSON.parse(stdout) as { Dir: string; Sum: string };
  if (got.Sum !== sum) throw new Error(`${module} has the checksum ${got.Sum}, which must be ${sum}`);
  return got.Dir;
}
