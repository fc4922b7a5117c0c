/**
 * The long proofs, with a printed seed: the cluster tests with ten kills per role, recovery, the core of the tests on other
 * versions of Node, accuracy on real data, searches, transfer learning, ensembles, the chart on a control plane and its pods, the
 * compose file.
 * Writes docs/campaign.md. Exit code 1 when anything falls short. With an argument, one of the names in `parts` below, only
 * that part runs, and only its section is written.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRun, type RunEvent } from '../cluster/cluster-run.js';
import { missingData, realData } from '../real-data.js';
import { activationFindings } from './activations.js';
import { ashaFindings } from './asha.js';
import { composeFindings } from './compose.js';
import { ensembleFindings } from './ensembles.js';
import type { Finding } from './finding.js';
import { kubernetesFindings } from './kubernetes.js';
import { nodeVersionFindings } from './node-versions.js';
import { podFindings } from './pods.js';
import { recoveryFindings } from './recovery.js';
import { lectureSearch, randomAgainstGrid } from './searches.js';
import { sweepFindings } from './sweeps.js';
import { transferFindings } from './transfer.js';

const root = packageRoot();
const seed = Number(process.env['POLYAK_TEST_SEED'] ?? Date.now() % 1_000_000);
const killsPerRole = Number(process.env['POLYAK_TEST_KILLS'] ?? 10);

async function accuracyGate(name: string, file: string, args: string[], gate: number): Promise<Finding> {
  const run = ClusterRun.train(join(root, 'examples', file), ['--workers', '2', '--shards', '2', ...args]);
  try {
    const end = await run.finished();
    const accuracy = (end['test'] as { averageAccuracy: number }).averageAccuracy;
    return { name, passed: accuracy >= gate, result: describe(end, gate) };
  } finally {
    run.remove();
  }
}

function describe(end: RunEvent, gate: number): string {
  const { accuracy, averageAccuracy } = end['test'] as { accuracy: number; averageAccuracy: number };
  const hash = String(end['weightsSha256']).slice(0, 16);
  const speed = `${String(end['imagesPerSecond'])} images/s`;
  return `average ${averageAccuracy.toFixed(4)} (gate ${gate}), last ${accuracy.toFixed(4)}, ${speed}, weights ${hash}…`;
}

/** The pictures come in an archive of a folder per class. */
function unpackCifar(folder: string): string {
  const target = mkdtempSync(join(tmpdir(), 'polyak-cifar-'));
  execFileSync('tar', ['-xzf', join(folder, 'cifar10-jpeg-full.tar.gz'), '-C', target]);
  return target;
}

async function withCifar(name: string, find: (folder: string) => Promise<Finding[]>): Promise<Finding[]> {
  const cifar = realData('cifar10');
  if (cifar === undefined) return [{ name, passed: false, result: missingData }];
  const folder = unpackCifar(cifar);
  try {
    return await find(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function accuracyFindings(): Promise<Finding[]> {
  const findings: Finding[] = [];
  const fashion = realData('fashion-mnist');
  const cifar = realData('cifar10');
  if (fashion === undefined) findings.push({ name: 'Fashion-MNIST', passed: false, result: missingData });
  else
    findings.push(
      await accuracyGate('Fashion-MNIST, 5 epochs', 'fashion-mnist.yaml', ['--set', `data.path=${fashion}`], 0.905),
    );
  if (cifar === undefined) findings.push({ name: 'CIFAR-10', passed: false, result: missingData });
  else {
    const folder = unpackCifar(cifar);
    const args = ['--set', 'data.source=images', '--set', `data.path=${folder}`];
    findings.push(await accuracyGate('CIFAR-10 (JPEG), 10 epochs', 'cifar10.yaml', args, 0.7));
    rmSync(folder, { recursive: true });
  }
  return findings;
}

async function searchFindings(): Promise<Finding[]> {
  const grid = randomAgainstGrid();
  const cifar = realData('cifar10');
  if (cifar === undefined) return [grid, { name: 'CIFAR-10', passed: false, result: missingData }];
  const folder = unpackCifar(cifar);
  const lecture = await lectureSearch(folder);
  rmSync(folder, { recursive: true });
  return [grid, lecture];
}

function clusterTests(): Finding[] {
  const report = join(mkdtempSync(join(tmpdir(), 'polyak-campaign-')), 'report.json');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const environment = { ...process.env, POLYAK_TEST_SEED: String(seed), POLYAK_TEST_KILLS: String(killsPerRole) };
  const args = [vitest, 'run', 'test/cluster', '--reporter=json', '--reporter=default', `--outputFile.json=${report}`];
  spawnSync(process.execPath, args, { cwd: root, env: environment, stdio: ['ignore', 'inherit', 'inherit'] });
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { assertionResults: { fullName: string; status: string; duration?: number }[] }[];
  };
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ fullName, status, duration }) => ({
      name: fullName,
      passed: status === 'passed',
      result: `${status}, ${Math.round((duration ?? 0) / 1000)} s`,
    })),
  );
}

const document = join(root, 'docs/campaign.md');
const preface = `# The campaign

Written by \`npm run campaign\`, or \`npm run campaign -- PART\` for one of its parts; do not edit by hand.
`;

function section(part: string, findings: Finding[]): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root }).toString().trim();
  const day = new Date().toISOString().slice(0, 10);
  const rows = findings.map(
    ({ name, result, passed }) => `| ${name} | ${passed ? 'passed' : '**fell short**'} | ${result} |`,
  );
  return [
    `## ${part}`,
    '',
    `${day}, commit ${commit}, seed ${seed}, ${killsPerRole} kills per role, Node ${process.version}.`,
    '',
    '| what | verdict | result |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** Leaves the sections of other parts as they are. */
function write(part: string, findings: Finding[]): void {
  const text = existsSync(document) ? readFileSync(document, 'utf8') : '';
  const earlier = new Map(
    text
      .split(/^(?=## )/m)
      .slice(1)
      .map((each) => [/^## (.*)$/m.exec(each)?.[1] ?? '', each]),
  );
  earlier.set(part, section(part, findings));
  const sections = Object.keys(parts).flatMap((name) => earlier.get(name)?.trimEnd().concat('\n') ?? []);
  writeFileSync(document, [preface, ...sections].join('\n'));
}

process.stdout.write(`campaign with seed ${seed} (POLYAK_TEST_SEED repeats it), ${killsPerRole} kills per role\n`);
const parts: Record<string, () => Finding[] | Promise<Finding[]>> = {
  tests: clusterTests,
  sweeps: async () => await sweepFindings(seed),
  recovery: async () => await recoveryFindings(seed, killsPerRole),
  node: nodeVersionFindings,
  accuracy: accuracyFindings,
  searches: searchFindings,
  asha: async () => await ashaFindings(),
  kubernetes: kubernetesFindings,
  transfer: async () => {
    const weights = realData('pretrained/efficientnet-lite0.safetensors');
    if (weights === undefined) return [{ name: 'transfer', passed: false, result: missingData }];
    return await withCifar('transfer', async (folder) => await transferFindings(folder, weights));
  },
  ensembles: async () => await withCifar('ensembles', async (folder) => await ensembleFindings(folder)),
  activations: async () => {
    const fashion = realData('fashion-mnist');
    if (fashion === undefined) return [{ name: 'activations', passed: false, result: missingData }];
    return await activationFindings(fashion);
  },
  pods: podFindings,
  compose: composeFindings,
};
const [only] = process.argv.slice(2);
if (only !== undefined && !(only in parts)) {
  throw new Error(`there is no part '${only}'; there are ${Object.keys(parts).join(', ')}`);
}
const all: Finding[] = [];
for (const [name, find] of Object.entries(parts)) {
  if (only !== undefined && name !== only) continue;
  const findings = await find();
  write(name, findings);
  all.push(...findings);
}
for (const { name, result, passed } of all)
  process.stdout.write(`${passed ? 'passed' : 'FELL SHORT'}  ${name}: ${result}\n`);
process.exitCode = all.every(({ passed }) => passed) ? 0 : 1;
