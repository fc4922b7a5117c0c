/** `polyak validate`: the experiment with all its defaults, its layers, its data, and what is wrong with any of them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const digits = join(packageRoot(), 'examples/digits.yaml');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-validate-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function validate(...args: string[]) {
  return spawnSync(process.execPath, [bin, 'validate', ...args], { encoding: 'utf8', cwd: folder });
}

it('shows every layer with its shape and weights, and the sizes of the splits', () => {
  const { status, stdout } = validate(digits, '--json');
  expect(status).toBe(0);
  const outline = JSON.parse(stdout) as { layers: { type: string; output: number[]; parameters: number }[] };
  // 3·3·1·32+32, 3·3·32·32+32, then 4·4·32 = 512 inputs: 512·64+64 and 64·10+10.
  expect(outline.layers.map(({ type, output, parameters }) => [type, output, parameters])).toEqual([
    ['Conv2D', [8, 8, 32], 320],
    ['Conv2D', [8, 8, 32], 9248],
    ['MaxPooling2D', [4, 4, 32], 0],
    ['Flatten', [512], 0],
    ['Dense', [64], 32_832],
    ['Dropout', [64], 0],
    ['Dense', [10], 650],
  ]);
  expect(outline).toMatchObject({
    ...{ parameters: 43_050, statistics: 0, dataError: null },
    data: { train: 1287, validation: 150, test: 360, shape: [8, 8, 1], classes: 10 },
    experiment: { name: 'digits', train: { epochs: 24 } },
  });
});

it('prints for people, with nothing on stderr, and takes --set', () => {
  const { status, stdout, stderr } = validate(digits, '--set', 'train.epochs=2');
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^dense_1 +Dense +\[64\] +32,832$/m);
  expect(stdout).toMatch(/^steps +42: 2 epochs of 21$/m);
  expect(stdout).toMatch(/^ {2}epochs: 2$/m);
  expect(status).toBe(0);
});

it('exits 2 where model and data do not fit each other', () => {
  const { status, stderr } = validate(digits, '--set', 'model=["flatten",{"dense":{"units":7}}]');
  expect(stderr).toMatch(/model: its last layer puts out shape \[7\], but the data need .* 10 classes/);
  expect(status).toBe(2);
});

it('shows the layers without the data where their shape is known, and exits 3 where it is not', () => {
  const text = readFileSync(digits, 'utf8');
  const file = join(folder, 'absent.yaml');
  writeFileSync(file, text);
  const known = validate(file);
  expect(known.stdout).toMatch(/^data +not read: data\.path: '.*' does not exist$/m);
  expect(known.stdout).toMatch(/^parameters +43,050$/m);
  expect(known.status).toBe(0);
  writeFileSync(file, text.replace('shape: [8, 8, 1], ', ''));
  const unknown = validate(file);
  expect(unknown.stderr).toMatch(/without the data the shapes of the layers are not known/);
  expect(unknown.status).toBe(3);
});

it('exits 3 for data that are torn', () => {
  const file = join(folder, 'torn.yaml');
  writeFileSync(file, readFileSync(digits, 'utf8').replace('data/digits.csv.gz', 'torn.csv'));
  writeFileSync(join(folder, 'torn.csv'), '1,2,3\n1,two,3\n');
  const { status, stderr } = validate(file);
  expect(stderr).toMatch(/torn\.csv/);
  expect(status).toBe(3);
});

it('takes values for parameters, and refuses one that nothing refers to', () => {
  const file = join(folder, 'parameters.yaml');
  const absolute = join(packageRoot(), 'examples/data/digits.csv.gz');
  writeFileSync(
    file,
    readFileSync(digits, 'utf8').replace('data/digits.csv.gz', absolute).replace('units: 64', 'units: $width'),
  );
  const given = validate(file, '--param', 'width=7', '--json');
  expect(given.status).toBe(0);
  expect(JSON.parse(given.stdout)).toMatchObject({
    layers: { 4: { type: 'Dense', output: [7], parameters: 512 * 7 + 7 } },
  });
  const unknown = validate(file, '--param', 'width=7', '--param', 'size=64');
  expect(unknown.stderr).toMatch(
    /--param 'size=64': nothing in the experiment refers to \$size; its parameters are width/,
  );
  expect(unknown.status).toBe(2);
});
