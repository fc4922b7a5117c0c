/** Workers for GPUs, on a machine without: the driver's program is a script of the test's, and so are the workers. */
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chosenGpus, listGpus } from '../../cli/gpu-devices.js';
import { GpuWorkers } from '../../cli/gpu-workers.js';
import { withoutOptions } from '../../cli/gpu-workers-command.js';
import { isAlive } from '../../cli/run-facts.js';
import { packageRoot } from '../../common/package-root.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-gpus-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An environment whose nvidia-smi prints this. */
function driver(text: string): NodeJS.ProcessEnv {
  const file = join(folder, 'nvidia-smi');
  writeFileSync(file, `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`);
  chmodSync(file, 0o755);
  return { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` };
}

describe('GPUs', () => {
  it('are those that the driver lists, by its program or its folder', () => {
    const environment = driver('0, NVIDIA H200\n1, NVIDIA L4');
    expect(listGpus(environment)).toEqual([
      { index: 0, name: 'NVIDIA H200' },
      { index: 1, name: 'NVIDIA L4' },
    ]);
    for (const name of ['0000:3b:00.0', '0000:18:00.0']) mkdirSync(join(folder, 'gpus', name), { recursive: true });
    const none = { ...process.env, PATH: '/nowhere' };
    expect(listGpus(none, join(folder, 'gpus')).map(({ name }) => name)).toEqual([
      'at 0000:18:00.0',
      'at 0000:3b:00.0',
    ]);
    expect(listGpus(none, join(folder, 'missing'))).toEqual([]);
  });

  it.each([
    ['3', /--gpus 3: there is no device 3; there are 0 \(H200\), 2 \(L4\)/],
    ['0,0', /device 0 is named twice/],
    ['first', /'first' is no device; give all, or numbers such as 0,2/],
  ])('are refused as %s, with what is there', (text, error) => {
    const devices = [
      { index: 0, name: 'H200' },
      { index: 2, name: 'L4' },
    ];
    expect(() => chosenGpus(text, devices)).toThrow(error);
    expect(chosenGpus('all', devices)).toEqual([0, 2]);
    expect(() => chosenGpus('all', [])).toThrow(/no NVIDIA GPU that its driver lists/);
  });

  it('that are not there are said to be so by the command', async () => {
    const bin = join(packageRoot(), 'bin/polyak.js');
    const args = [bin, 'worker', '--coordinator', '127.0.0.1:1', '--gpus', '7'];
    const child = spawn(process.execPath, args, { env: driver('0, NVIDIA H200') });
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(`${code} ${said}`).toContain('2 polyak: --gpus 7: there is no device 7; there are 0 (NVIDIA H200)');
  });
});

const worker = `
  process.on('SIGTERM', () => process.exit(0));
  process.stdin.once('end', () => process.exit(0)).resume();
  console.log(process.pid, process.env.CUDA_VISIBLE_DEVICES, process.env.TF_FORCE_GPU_ALLOW_GROWTH, process.env.TF_DETERMINISTIC_OPS);
  setInterval(() => undefined, 1000);`;

function start(): { workers: GpuWorkers; lines: string[] } {
  const lines: string[] = [];
  const workers = new GpuWorkers({
    devices: [0, 2],
    command: () => [process.execPath, '-e', worker],
    onLine: (line) => lines.push(line),
    log: pino({ level: 'silent' }),
  });
  return { workers, lines };
}

const pidsOf = (lines: string[]) => lines.map((line) => Number(line.split(' ')[0]));

describe('workers for GPUs', () => {
  it('see one device each, and end when they are told to', async () => {
    const { workers, lines } = start();
    await expect.poll(() => lines.length, { timeout: 90_000 }).toBe(2);
    const seen = lines.map((line) => line.replace(/^\d+ /, ''));
    expect(seen.toSorted()).toEqual(['0 true 1', '2 true 1']);
    workers.end();
    await workers.ended();
    for (const pid of pidsOf(lines)) expect(isAlive(pid)).toBe(false);
  });

  it('all end where one does by itself, and say which', async () => {
    const { workers, lines } = start();
    await expect.poll(() => lines.length, { timeout: 90_000 }).toBe(2);
    const victim = lines.find((line) => line.includes(' 2 ')) ?? '';
    process.kill(Number(victim.split(' ')[0]), 'SIGKILL');
    await expect(workers.ended()).rejects.toThrow('the worker of GPU 2 has ended (SIGKILL), and so have all others');
    for (const pid of pidsOf(lines)) expect(isAlive(pid)).toBe(false);
  });

  it('are started by the same command line, but for what is the supervisor’s own', () => {
    const given = ['worker', '--gpus=all', '--json', '--coordinator', 'a:1', '--metrics-port', '9352', '--no-modules'];
    const rest = withoutOptions(given, ['--gpus', '--metrics-port', '--json', '--parent-pipe']);
    expect(rest).toEqual(['worker', '--coordinator', 'a:1', '--no-modules']);
  });
});
