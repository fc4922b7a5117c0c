import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryLimitBytes } from '../../common/memory-limit.js';
import { DeviceMemoryReader, parseDevices } from '../../worker/device-memory.js';

const mebibyte = 2 ** 20;

describe('the memory of the device that computes', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-device-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** The driver's program is not to be had here: one that answers as it does, and writes down how often it was asked. */
  function driver(answer: string): NodeJS.ProcessEnv {
    const program = join(folder, 'nvidia-smi');
    writeFileSync(program, `#!/bin/sh\necho "$@" >> ${folder}/asked\nprintf '${answer}'\n`);
    chmodSync(program, 0o755);
    return { PATH: folder };
  }

  it("is the process's own without a GPU", async () => {
    for (const reader of [new DeviceMemoryReader(false), new DeviceMemoryReader(true, { PATH: folder })]) {
      const [{ device, used, limit } = {}, ...more] = await reader.read();
      expect(more).toEqual([]);
      expect(device).toBe('cpu');
      expect(used).toBeGreaterThan(10e6);
      expect(limit).toBe(memoryLimitBytes());
    }
  });

  it('is what the driver says of each GPU, in bytes', async () => {
    const reader = new DeviceMemoryReader(true, driver('0, 1024, 143771\\n1, 3, 143771\\n'));
    expect(await reader.read()).toEqual([
      { device: 'gpu0', used: 1024 * mebibyte, limit: 143_771 * mebibyte },
      { device: 'gpu1', used: 3 * mebibyte, limit: 143_771 * mebibyte },
    ]);
  });

  it('leaves out a device that does not say', () => {
    expect(parseDevices('0, [N/A], [N/A]\n1, 3, 10\n')).toEqual([
      { device: 'gpu1', used: 3 * mebibyte, limit: 10 * mebibyte },
    ]);
    expect(parseDevices('No devices were found\n')).toEqual([]);
  });
});
