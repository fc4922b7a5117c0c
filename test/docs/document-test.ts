/** Every command of a document is run as it stands, in an empty folder, and does what the document says. */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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
      // Asking takes the processors from what is waited for.
      await delay(500);
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

export function blocksOf(file: string): ShellBlock[] {
  return shellBlocks(readFileSync(join(root, file), 'utf8'));
}

function titleOf({ text }: ShellBlock): string {
  const [first = '', ...rest] = text.split('\n');
  return `${first}${rest.length > 0 ? ` and ${rest.length} more` : ''}`;
}

export function testDocument(file: string): void {
  describe(`every command of ${file}`, () => {
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
}
