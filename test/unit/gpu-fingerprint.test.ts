/** The GPU in a worker's fingerprint, on a machine without: the driver's folder and the library's are the test's. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { machineFingerprint } from '../../worker/machine-fingerprint.js';
import { libraryFolder } from '../../worker/tensorflow/library-folder.js';
import { runtimeFingerprint } from '../../worker/tensorflow/runtime-fingerprint.js';
import { visibleGpus } from '../../worker/tensorflow/visible-gpus.js';

const names = ['POLYAK_CACHE', 'CUDA_VISIBLE_DEVICES', 'CUDA_DEVICE_ORDER'];
const before = names.map((name) => [name, process.env[name]] as const);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-gpu-fingerprint-'));
  process.env['POLYAK_CACHE'] = join(folder, 'cache');
  for (const name of names.slice(1)) delete process.env[name];
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

interface Device {
  bus: string;
  model: string;
  uuid?: string;
  excluded?: boolean;
}

/** What the driver shows below /proc. */
function driver(name: string, devices: Device[], version = '570.86.15'): string {
  const root = join(folder, name);
  for (const { bus, model, uuid = 'GPU-?', excluded = false } of devices) {
    mkdirSync(join(root, 'gpus', bus), { recursive: true });
    const lines = [
      ...[
        `Model: \t\t ${model}`,
        'IRQ:   \t\t 139',
        `GPU UUID: \t ${uuid}`,
        'Bus Type: \t PCIe',
        `Bus Location: \t ${bus}`,
      ],
      ...['Device Minor: \t 0', `GPU Excluded:\t ${excluded ? 'Yes' : 'No'}`],
    ];
    writeFileSync(join(root, 'gpus', bus, 'information'), `${lines.join('\n')}\n`);
  }
  const said = `NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  ${version}  Release Build  (builder@host)\nGCC version:  gcc version 12.2.0\n`;
  writeFileSync(join(root, 'version'), said);
  return root;
}

const h200: Device = { bus: '0000:18:00.0', model: 'NVIDIA H200', uuid: 'GPU-11aa' };
const l4: Device = { bus: '0000:3b:00.0', model: 'NVIDIA L4', uuid: 'GPU-22bb' };

describe('the fingerprint of a worker with the CUDA build', () => {
  beforeEach(() => mkdirSync(libraryFolder('gpu'), { recursive: true }));

  it('has the model of the GPU and the version of its driver', () => {
    const root = driver('one', [h200]);
    expect(runtimeFingerprint('tensorflow', root)).toMatchObject({
      ...{ build: 'gpu', gpu: 'NVIDIA H200', gpuDriver: '570.86.15' },
    });
  });

  it('differs where the GPU or its driver is another, and in nothing else', () => {
    const one = machineFingerprint('tensorflow', driver('one', [h200]));
    expect(machineFingerprint('tensorflow', driver('same', [{ ...h200, uuid: 'GPU-33cc', bus: '0000:99:00.0' }]))).toBe(
      one,
    );
    const others = [
      driver('other', [l4]),
      driver('newer', [h200], '580.1.2'),
      // Without a GPU it computes on the processor.
      join(folder, 'none'),
    ].map((root) => machineFingerprint('tensorflow', root));
    expect(new Set([one, ...others]).size).toBe(4);
  });

  it('is that of the processor where no GPU is there or visible', () => {
    const root = driver('one', [h200]);
    const bare = runtimeFingerprint('tensorflow', join(folder, 'none'));
    expect(Object.keys(bare)).not.toContain('gpu');
    process.env['CUDA_VISIBLE_DEVICES'] = '';
    expect(runtimeFingerprint('tensorflow', root)).toEqual(bare);
  });
});

describe('the fingerprint of a worker with the library for processors', () => {
  it.each(['tensorflow', 'cpu'] as const)('has no GPU in it, though one is there (%s)', (backend) => {
    const root = driver('one', [h200]);
    const without = join(folder, 'none');
    expect(runtimeFingerprint(backend, root)).toEqual(runtimeFingerprint(backend, without));
    expect(machineFingerprint(backend, root)).toBe(machineFingerprint(backend, without));
  });
});

describe('the GPUs that a process sees', () => {
  const byBus = 'PCI_BUS_ID';
  const both = 'NVIDIA H200, NVIDIA L4';

  it.each([
    { visible: undefined, models: both },
    { visible: '0', order: byBus, models: 'NVIDIA H200' },
    { visible: '1', order: byBus, models: 'NVIDIA L4' },
    { visible: '1,0', order: byBus, models: 'NVIDIA L4, NVIDIA H200' },
    // Nothing counts after what is no device.
    { visible: '1,7,0', order: byBus, models: 'NVIDIA L4' },
    { visible: 'GPU-22', models: 'NVIDIA L4' },
    // Whose number that is only CUDA knows.
    { visible: '1', models: both },
    { visible: 'MIG-1234', models: 'a slice of NVIDIA H200, a slice of NVIDIA L4' },
    ...['', '-1', 'GPU-99', 'NoDevFiles'].map((visible) => ({ visible, order: byBus, models: undefined })),
  ])('are $models with CUDA_VISIBLE_DEVICES=$visible, CUDA_DEVICE_ORDER=$order', ({ visible, order, models }) => {
    const root = driver('two', [l4, h200]);
    const environment = { CUDA_VISIBLE_DEVICES: visible, CUDA_DEVICE_ORDER: order };
    expect(visibleGpus(root, environment)?.models).toBe(models);
  });

  it('are without those that are excluded, and of one model once', () => {
    const third = { ...h200, bus: '0000:5e:00.0' };
    const root = driver('three', [{ ...l4, excluded: true }, h200, third]);
    expect(visibleGpus(root, {})).toEqual({ models: 'NVIDIA H200', driver: '570.86.15' });
  });

  it('have the version of drivers that are not open', () => {
    const root = driver('closed', [h200]);
    const line = 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n';
    writeFileSync(join(root, 'version'), line);
    expect(visibleGpus(root, {})?.driver).toBe('535.104.05');
  });
});
