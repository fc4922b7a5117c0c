/** `polyak validate`: the experiment with all its defaults, its layers, its data, and what is wrong with any of them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

describe('a sweep', () => {
  /** 1287 samples to train on, 21 steps in an epoch. */
  const sweep = (search: string, more = '') => {
    const file = join(folder, 'sweep.yaml');
    const absolute = join(packageRoot(), 'examples/data/digits.csv.gz');
    writeFileSync(
      file,
      `name: sweep
data: { source: csv, path: ${absolute}, header: false, shape: [8, 8, 1], validation: 150, test: 360 }
model: [flatten, { dense: { units: $width, activation: relu } }, { dense: { units: 10 } }]
loss: softmaxCrossEntropy
optimizer: { sgd: { learningRate: $rate } }
train: { epochs: 9, batchSize: 64, microBatchSize: 16 }
${more}
search: { trials: 9, ${search} }
`,
    );
    return file;
  };
  const space = (rate: string) => `space: { width: { choice: [8] }, rate: ${rate} }`;
  const halving = `${space('{ logUniform: [1e-3, 1e-1] }')}, schedule: { successiveHalving: {} }`;

  it('is shown as its first trial, with the defaults of the search', () => {
    const { status, stdout, stderr } = validate(sweep(`${halving}, budget: { time: 1h30m }`));
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /sweep\.yaml is valid, a sweep of 9 trials; trial 0, width=8, rate=0\.0\d+, with all defaults/,
    );
    expect(stdout).toMatch(/^ {4}time: 5400$/m);
    expect(stdout).toMatch(/^ {2}keep: 5$/m);
    expect(stdout).toMatch(/^dense_1 +Dense +\[8\] +520$/m);
    expect(status).toBe(0);
  });

  it('is warned of what is most likely a slip, with exit code 0', () => {
    const file = sweep(space('{ logUniform: [1e-3, 3] }'));
    const { status, stderr } = validate(file);
    const warning =
      'search.space.rate: a learning rate of 3 is above 1, with which hardly anything trains; is it meant?';
    expect(stderr).toBe(`polyak: warning: ${warning}\n`);
    expect(status).toBe(0);
    const json = validate(file, '--json');
    expect(json.stderr).toBe('');
    expect(JSON.parse(json.stdout)).toMatchObject({ warnings: [warning], trial: { number: 0, drawn: { width: 8 } } });
  });

  it('whose ranges look like exponents is warned of them, though none of its trials is right', () => {
    const file = sweep(space('{ uniform: [-5, -1] }'));
    const { status, stdout, stderr } = validate(file);
    expect(stderr).toMatch(
      /^polyak: warning: search\.space\.rate: \[-5, -1\] looks like exponents of 10; .* logUniform: \[1e-5, 1e-1\]/,
    );
    expect(stderr).toMatch(
      /^polyak: warning: trial 0, width=8, rate=-\S+, would fail: optimizer\.sgd\.learningRate: '\$rate' is -/m,
    );
    expect(stdout).toMatch(/sweep\.yaml is valid, a sweep of 9 trials$/m);
    expect(status).toBe(0);
    const json = JSON.parse(validate(file, '--json').stdout) as { warnings: string[] };
    expect(json).toMatchObject({ experiment: { name: 'sweep' }, layers: null, trial: null });
    expect(json.warnings).toHaveLength(2);
  });

  it('is shown as the first of its trials that is right', () => {
    const { status, stdout, stderr } = validate(sweep(space('{ choice: [-1, 1e-2] }')), '--set', 'seed=2', '--json');
    expect(stderr).toBe('');
    const { trial, warnings } = JSON.parse(stdout) as { trial: { number: number; drawn: unknown }; warnings: string[] };
    expect(trial.drawn).toEqual({ width: 8, rate: 0.01 });
    expect(warnings.some((line) => line.startsWith('trial 0, width=8, rate=-1, would fail'))).toBe(trial.number > 0);
    expect(status).toBe(0);
  });

  it('is refused for what is wrong in every trial', () => {
    const { status, stderr } = validate(sweep(halving), '--set', 'train.microBatchSize=24');
    expect(stderr).toMatch(/train\.microBatchSize: 24 does not divide train\.batchSize, 64/);
    expect(status).toBe(2);
  });

  it('is refused where the schedule does not fit the number of trials, also without the data', () => {
    const { status, stderr } = validate(sweep(halving), '--set', 'search.trials=8', '--set', 'data.path=nowhere.csv');
    expect(stderr).toMatch(
      /search\.trials is 8, too few for rungs of 1, 3, 9 epochs, one in 3 going on: give 9 or more/,
    );
    expect(status).toBe(2);
  });

  it('is refused where trials would be ranked by a running average that is too young, if the data are there', () => {
    const young = ['objective: { weights: average }', 'weightAverage: { decay: 0.9 }'].join('\n');
    const file = sweep(halving, young);
    const { status, stdout, stderr } = validate(file);
    // Mature from step 3 / (1 - 0.9) = 30 on; the first rung is after one epoch.
    expect(stderr).toMatch(/successiveHalving ranks trials by it at step 21, but .* from step 30 on/);
    expect(stdout).toBe('');
    expect(status).toBe(2);
    const sweeping = spawnSync(process.execPath, [bin, 'sweep', file], { encoding: 'utf8', cwd: folder });
    expect(sweeping.stderr).toMatch(/successiveHalving ranks trials by it at step 21, but .* from step 30 on/);
    expect(sweeping.status).toBe(2);
    expect(readdirSync(folder)).toEqual(['sweep.yaml']);
    expect(validate(file, '--set', 'data.path=nowhere.csv').status).toBe(0);
    expect(validate(file, '--set', 'weightAverage.decay=0.5').status).toBe(0);
    // Of 1437 samples in two folds 719 are left to train on, 12 steps; all have 21, and 3 / (1 - 0.8) = 15.
    const folds = ['--set', 'weightAverage.decay=0.8', '--set', 'search.crossValidation={ folds: 2 }'];
    expect(validate(file, ...folds).stderr).toMatch(/at step 12, but .* from step 15 on/);
  });

  it('with --param is the single training that the values make', () => {
    const { status, stdout } = validate(sweep(halving), '--param', 'rate=0.1', '--param', 'width=8', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      trial: null,
      warnings: [],
      experiment: { optimizer: { sgd: { learningRate: 0.1 } } },
    });
    expect(status).toBe(0);
  });
});

describe('a method of full batches', () => {
  const change = (...changes: string[]) =>
    validate(digits, ...['augment=[]', ...changes].flatMap((each) => ['--set', each]));
  const linear = 'model=["flatten",{"dense":{"units":10}}]';

  it('is refused with mini-batches, with the batch size that it needs', () => {
    const { status, stdout, stderr } = change('optimizer={lbfgs: {}}', linear);
    expect(stderr).toMatch(
      /train\.batchSize: 64 makes mini-batches, but optimizer lbfgs .* all 1287 .*: make it 1\d+, or/,
    );
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  it('is refused with mini-batches of the largest of the folds of a sweep, and taken where it is whole', () => {
    // 1437 samples are not for the test; of 5 folds the smallest has 287, and the training without it 1150.
    const search = [
      'search={trials: 2, space: {tolerance: {logUniform: [1e-6, 1e-3]}}, crossValidation: {folds: 5}}',
      'optimizer={lbfgs: {tolerance: $tolerance}}',
    ];
    const sized = (batchSize: number) =>
      change(...search, linear, `train.batchSize=${batchSize}`, `train.microBatchSize=${batchSize}`);
    const { status, stdout, stderr } = sized(1149);
    expect(stderr).toMatch(/train\.batchSize: 1149 makes mini-batches, but optimizer lbfgs .* all 1150 samples/);
    expect(stdout).toBe('');
    expect(status).toBe(2);
    expect(sized(1150).status).toBe(0);
  });

  it('is refused for a model that is too large for it', () => {
    const wide = 'model=["flatten",{"dense":{"units":40}},{"dense":{"units":10}}]';
    const { status, stderr } = change(
      'optimizer={newton: {}}',
      wide,
      'train.batchSize=1287',
      'train.microBatchSize=1287',
    );
    expect(stderr).toMatch(/the model has 3010 weights to train, but newton is for at most 2000/);
    expect(status).toBe(2);
  });

  it('is refused for a model.json that drops, by the layer', () => {
    const layers = [
      { class_name: 'Flatten', config: { name: 'flat', batch_input_shape: [null, 8, 8, 1], dtype: 'float32' } },
      { class_name: 'Dropout', config: { name: 'drop', rate: 0.5 } },
      {
        class_name: 'Dense',
        config: { name: 'dense', units: 10, kernel_regularizer: { class_name: 'L2', config: { l2: 0.01 } } },
      },
    ];
    const file = join(folder, 'model.json');
    writeFileSync(file, JSON.stringify({ class_name: 'Sequential', config: { name: 'm', layers } }));
    const model = `model={file: ${file}}`;
    const refused = change('optimizer={bfgs: {}}', model, 'train.batchSize=1287', 'train.microBatchSize=429');
    expect(refused.stderr).toMatch(/model: layer 'drop', Dropout, changes the loss from step to step, but bfgs/);
    expect(refused.status).toBe(2);
    const taken = change(model);
    expect(taken.stderr).toMatch(
      /^polyak: warning: .*kernel_regularizer of dense is not applied; .*regularise: \{ l2: 0\.02 \}/,
    );
    expect(taken.status).toBe(0);
  });

  it('is right over the whole split', () => {
    const { status, stderr } = change(
      'optimizer={lbfgs: {}}',
      linear,
      'train.batchSize=1287',
      'train.microBatchSize=429',
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
