/**
 * The core of the tests on the newer versions of Node that the package names, each a binary of its own in the cache folder:
 * everything that is unit, shards, one training on a cluster in several cuts, and export.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { cacheFolder } from '../../common/cache-folder.js';
import { packageRoot } from '../../common/package-root.js';
import type { Finding } from './finding.js';

/** The one that the campaign itself runs on is tested by `npm run check`. */
const majors = [22, 24];
const core = [
  'test/unit',
  'test/cluster/shard.test.ts',
  'test/cluster/invariance.test.ts',
  'test/inference/export.test.ts',
];

export function nodeVersionFindings(): Finding[] {
  return majors.map((major) => {
    const name = `the core of the tests on Node ${major}`;
    try {
      return { name, ...testOn(nodeBinary(major)) };
    } catch (error) {
      return { name, passed: false, result: error instanceof Error ? error.message : String(error) };
    }
  });
}

/** npm's package `node` brings the binary of the newest version with that number. */
function nodeBinary(major: number): string {
  const prefix = join(cacheFolder(), `node-${major}`);
  const binary = join(prefix, 'node_modules/node/bin/node');
  if (existsSync(binary)) return binary;
  mkdirSync(prefix, { recursive: true });
  const args = ['install', `node@${major}`, '--prefix', prefix, '--no-audit', '--no-fund'];
  const { status, stderr } = spawnSync('npm', args, { cwd: prefix, encoding: 'utf8' });
  if (status === 0 && existsSync(binary)) return binary;
  rmSync(prefix, { recursive: true });
  throw new Error(`npm install node@${major}: ${stderr.trim().split('\n').at(-1)}`);
}

function testOn(node: string): Omit<Finding, 'name'> {
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const folder = mkdtempSync(join(tmpdir(), 'polyak-campaign-'));
  const report = join(folder, 'report.json');
  try {
    const vitest = join(packageRoot(), 'node_modules/vitest/vitest.mjs');
    const args = [vitest, 'run', ...core, '--reporter=json', '--reporter=default', `--outputFile.json=${report}`];
    // Its npm and npx are the first ones too.
    const env = { ...process.env, PATH: [dirname(node), process.env['PATH']].join(delimiter) };
    spawnSync(node, args, { cwd: packageRoot(), env, stdio: ['ignore', 'inherit', 'inherit'] });
    return resultOf(version, report);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function resultOf(version: string, report: string): Omit<Finding, 'name'> {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[];
  };
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const failed = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed'),
  );
  const names = [...broken.map(({ name }) => name), ...failed.map(({ fullName }) => fullName)];
  const passed = numPassedTests > 0 && numFailedTests === 0 && broken.length === 0;
  return { passed, result: [`${version}: ${numPassedTests} passed, ${names.length} failed`, ...names].join('; ') };
}
