/** README, walkthrough, the guide to sweeps and SECURITY.md: every command in them is run as it stands, in an empty folder, and does what they say. */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { missingLine, shellBlocks, type ShellBlock } from './shell-blocks.js';

const root = packageRoot();

/** A folder in which the package is installed, as far as commands can tell. */
class Reader {
  readonly folder = mkdtempSync(join(tmpdir(), 'polyak-docs-'));
  private readonly bin = join(this.folder, 'node_modules/.bin');
  private readonly background: ChildProcess[] = [];

  constructor() {
    mkdirSync(this.bin, { recursive: true });
    symlinkSync(root, join(this.folder, 'node_modules/polyak'));
    symlinkSync(join(root, 'bin/polyak.js'), join(this.bin, 'polyak'));
    // The README is read in a clone.
    symlinkSync(join(root, 'examples'), join(this.folder, 'examples'));
  }

  run({ text }: ShellBlock) {
    const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', text], {
      ...{ cwd: this.folder, env: this.environment, encoding: 'utf8' },
    });
    return { status, printed: stdout + stderr };
  }

  /** Resolves when the run that it starts makes progress, or a trial of the sweep. */
  async start({ text }: ShellBlock): Promise<void> {
    const child = spawn('bash', ['-c', `exec ${text}`], { cwd: this.folder, env: this.environment, stdio: 'ignore' });
    this.background.push(child);
    for (;;) {
      if (await this.isMoving()) return;
      if (child.exitCode !== null) throw new Error(`'${text}' ended by itself with exit code ${child.exitCode}`);
    }
  }

  private async isMoving(): Promise<boolean> {
    try {
      const status = ['status', '@last', '--json'];
      const { stdout } = await promisify(execFile)(join(this.bin, 'polyak'), status, { cwd: this.folder });
      const { state, progress, running } = JSON.parse(stdout) as Status;
      return state === 'running' && (running === undefined ? progress !== null : running.length > 0);
    } catch {
      // A sweep that has a folder may not have been submitted yet.
      return false;
    }
  }

  /** The exit codes of what was started, once it has ended. */
  async ends(): Promise<(number | null)[]> {
    return await Promise.all(
      this.background.map(async (child) => {
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
        return child.exitCode;
      }),
    );
  }

  async leave(): Promise<void> {
    for (const child of this.background) if (child.exitCode === null) child.kill('SIGINT');
    await this.ends();
    rmSync(this.folder, { recursive: true });
  }

  private get environment(): NodeJS.ProcessEnv {
    const { POLYAK_STATE: _, ...environment } = process.env;
    return { ...environment, PATH: [this.bin, process.env['PATH']].join(delimiter), POLYAK_LOG: 'info', NO_COLOR: '1' };
  }
}

/** Of a run, or of a sweep, which has `running` trials. */
interface Status {
  state: string;
  progress?: unknown;
  running?: unknown[];
}

const documents = ['README.md', 'docs/walkthrough.md', 'docs/sweeps.md', 'SECURITY.md'];

function blocksOf(file: string): ShellBlock[] {
  return shellBlocks(readFileSync(join(root, file), 'utf8'));
}

function titleOf({ text }: ShellBlock): string {
  const [first = '', ...rest] = text.split('\n');
  return `${first}${rest.length > 0 ? ` and ${rest.length} more` : ''}`;
}

describe.each(documents)('%s', (file) => {
  let reader: Reader;
  beforeAll(() => {
    reader = new Reader();
  });
  afterAll(async () => await reader.leave());

  for (const block of blocksOf(file).filter(({ notRun }) => notRun === undefined)) {
    it(`line ${block.line}: ${titleOf(block)}`, async () => {
      if (block.inBackground) return await reader.start(block);
      const { status, printed } = reader.run(block);
      expect({ status, printed }).toEqual({ status: block.exitCode, printed });
      expect({ missing: missingLine(printed, block.prints), printed }).toEqual({ missing: undefined, printed });
    });
  }

  it('has nothing left running, and what ran in the background ended as it should', async () => {
    for (const code of await reader.ends()) expect(code).toBe(0);
    expect(reader.run({ ...blocksOf(file)[0]!, text: 'npx polyak status' }).printed).toMatch(
      /^no run and no sweep is running here/,
    );
  });
});

it('commands that are not run are few, and each says why', () => {
  const reasons = documents.map((file) =>
    blocksOf(file).flatMap(({ text, notRun }) => (notRun === undefined ? [] : [text.split('\n')[0]])),
  );
  expect(reasons).toEqual([
    [
      'npm ci && npm start     # trains on real images with a server, a coordinator and two workers, in about a minute',
      'sudo apt-get install -y g++ python3-pip',
      'npx polyak train examples/fashion-mnist.yaml --workers 2 --shards 2',
      'npx polyak stop @last                      # at a checkpoint, from another terminal',
      'npx polyak predict flowers-1 rose.jpg      # pictures, rows of a csv, NumPy arrays',
      'polyak coordinator --listen 0.0.0.0:7350 --store /var/lib/polyak/coordinator.db             # on 10.0.0.1',
    ],
    ['npm init -y && npm install polyak'],
    [
      'npx polyak sweep examples/lecture-two-layer-search.yaml --set data.path=data/cifar10',
      'polyak coordinator --listen 0.0.0.0:7350 --store postgres://polyak@10.0.0.9/polyak --metrics-port 9350 --api-tokens tokens.yaml',
    ],
    ['export POLYAK_TLS_AUTHORITY=authority.pem'],
  ]);
});

it('CONTRIBUTING.md says of every dependency why it is there', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  const rows = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/^\| (.+?) +\| /gm);
  const named = new Set([...rows].flatMap(([, names = '']) => names.replace(' (optional)', '').split(', ')));
  const needed = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(needed.filter((name) => !named.has(name))).toEqual([]);
});

describe('what a document says is printed', () => {
  it('is looked for line by line, in order, with … for anything and blanks of any width', () => {
    const printed = 'a  1\nb 2.5 images/s\nc\n';
    expect(missingLine(printed, ['a 1', 'b … images/s', 'c'])).toBeUndefined();
    expect(missingLine(printed, ['c', 'a 1'])).toBe('a 1');
    expect(missingLine(printed, ['b 2x5 images/s'])).toBe('b 2x5 images/s');
    expect(missingLine(printed, ['b 2.5'])).toBe('b 2.5');
  });
});
