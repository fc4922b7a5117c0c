/** What a loaded module does in training: its names, its errors, its draws, and the first weights of its layers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleModule } from '../../cli/module/bundle.js';
import { PolyakError } from '../../common/errors.js';
import { defineExperiment, defineModuleExperiment } from '../../common/experiment/load.js';
import type { ModuleExperimentInput } from '../../common/experiment/schema.js';
import { openDataset } from '../../worker/data/dataset.js';
import { TrainingModel } from '../../worker/model/training-model.js';
import { LoadedModule } from '../../worker/module/loaded-module.js';
import { requireUsedNames } from '../../worker/module/used-names.js';
import { loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';

let tf: TF;
let folder: string;
beforeAll(async () => {
  tf = await loadTensorFlow('cpu');
  tf.enableProdMode();
  folder = mkdtempSync(join(tmpdir(), 'polyak-own-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const head = `import * as tf from '@tensorflow/tfjs';\nimport { defineModule, layerRandom } from 'polyak/module';\n`;

async function load(body: string, options: Record<string, unknown> = {}): Promise<LoadedModule> {
  writeFileSync(join(folder, 'own.ts'), `${head}${body}`);
  return new LoadedModule(tf, await bundleModule(join(folder, 'own.ts')), options);
}

function experimentOf(changes: Partial<ModuleExperimentInput> = {}) {
  return defineModuleExperiment({
    name: 'own',
    module: './own.ts',
    data: { source: 'module' },
    model: ['scale'],
    loss: 'module',
    optimizer: { sgd: { learningRate: 1 } },
    train: { epochs: 1, batchSize: 2, microBatchSize: 2 },
    ...changes,
  });
}

async function messageOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(PolyakError);
    return (error as PolyakError).message;
  }
  throw new Error('nothing was refused');
}

const scale = `
class Scale extends tf.layers.Layer {
  build(shape) {
    this.factor = this.addWeight('factor', [shape.at(-1)], 'float32', tf.initializers.constant({ value: 3 }));
    this.noise = this.addWeight('noise', [4, 2], 'float32', tf.initializers.glorotNormal({}));
    this.fixed = this.addWeight('fixed', [1], 'float32', tf.initializers.ones(), undefined, false);
    super.build(shape);
  }
  call(inputs) {
    const [x] = [inputs].flat();
    return tf.mul(tf.mul(x, this.factor.read()), this.fixed.read());
  }
}
`;
const data = { inputShape: [2], outputs: 2 };

describe('a layer of a module', () => {
  const withLoss = `${scale}export default defineModule({
    layers: { scale: Scale },
    loss: { labels: 'numbers', perSample: (y, labels) => tf.sum(tf.square(tf.sub(y, labels)), 1) },
  });`;

  it('has its weights drawn by the seed with the initializers that it names; what it freezes stays', async () => {
    const module = await load(withLoss);
    const model = await TrainingModel.build(
      tf,
      experimentOf({ model: [{ scale: { rateMultiplier: 2 } }] }),
      data,
      module,
    );
    const { parameters } = model.manifest;
    const facts = parameters.map(({ name, initializer, frozen, rateMultiplier }) => ({
      ...{ name, initializer, frozen, rateMultiplier },
    }));
    expect(facts).toEqual([
      { name: 'scale_1/factor', initializer: { name: 'constant', value: 3 }, frozen: false, rateMultiplier: 2 },
      {
        name: 'scale_1/noise',
        initializer: { name: 'glorotNormal', fanIn: 4, fanOut: 2 },
        frozen: false,
        rateMultiplier: 2,
      },
      { name: 'scale_1/fixed', initializer: { name: 'ones' }, frozen: true, rateMultiplier: 2 },
    ]);
    model.dispose();
  });

  it('and a loss of a module are differentiated', async () => {
    // y = 3 x; the loss is (3 x1 - t)^2 + (3 x2 - t)^2 with one label a sample, and its gradient by the factors is
    // 2 (3 xi - t) xi: for x = [1, 2], t = 1 it is [4, 20] and the loss 4 + 25.
    const module = await load(withLoss);
    const model = await TrainingModel.build(tf, experimentOf(), { inputShape: [2], outputs: 2 }, module);
    model.setWeights(Float32Array.of(3, 3, ...Array.from({ length: 8 }, () => 0), 1), new Float32Array(0));
    const out = { parameters: new Float32Array(11), statistics: new Float32Array(0) };
    const batch = { inputs: Float32Array.of(1, 2), labels: Float32Array.of(1, 1), count: 1 };
    const { lossSum } = model.gradient(batch, { seed: 1, step: 0, microBatch: 0 }, out);
    expect(lossSum).toBe(29);
    expect([...out.parameters.subarray(0, 2)]).toEqual([4, 20]);
    expect(out.parameters[10]).toBe(0);
    model.dispose();
  });

  it('draws the same for the same micro-batch, another for another, and nothing in evaluation', async () => {
    const module = await load(`
class Noise extends tf.layers.Layer {
  call(inputs) {
    const [x] = [inputs].flat();
    const random = layerRandom(this);
    return random ? tf.add(x, random.uniform()) : x;
  }
}
export default defineModule({ layers: { noise: Noise }, loss: { perSample: (y) => tf.sum(y, 1) } });`);
    const model = await TrainingModel.build(
      tf,
      experimentOf({ model: ['noise', { dense: { units: 2 } }] }),
      data,
      module,
    );
    // The dense layer puts out its inputs, so that the loss is their sum.
    model.setWeights(Float32Array.of(1, 0, 0, 1, 0, 0), new Float32Array(0));
    const batch = { inputs: Float32Array.of(1, 2), labels: Int32Array.of(0), count: 1 };
    const out = { parameters: new Float32Array(6), statistics: new Float32Array(0) };
    const loss = (step: number) => model.gradient(batch, { seed: 1, step, microBatch: 0 }, out).lossSum;
    expect(loss(0)).not.toBe(3);
    expect(loss(1)).not.toBe(loss(0));
    expect(loss(0)).toBe(loss(0));
    expect(model.evaluate(batch).lossSum).toBe(3);
    model.dispose();
  });

  it('says of its errors that they are its own, with the place in its source', async () => {
    const module = await load(`
class Broken extends tf.layers.Layer {
  call() {
    return missing.value;
  }
}
export default defineModule({ layers: { broken: Broken }, loss: { perSample: (y) => y } });`);
    const message = await messageOf(async () => {
      const model = await TrainingModel.build(tf, experimentOf({ model: ['broken'] }), data, module);
      model.evaluate({ inputs: Float32Array.of(1, 2), labels: Int32Array.of(0), count: 1 });
    });
    expect(message).toMatch(
      /^module own\.ts, layers\.broken: ReferenceError: missing is not defined\n {4}at .*call \(own\.ts:6:5\)/,
    );
  });
});

describe('the model of a module', () => {
  it('is built of our layers, with first weights that its layers name, and without a final softmax', async () => {
    const module = await load(`${scale}export default defineModule({
      layers: { scale: Scale },
      model: ({ inputShape, outputs }) => tf.sequential({ layers: [
        new Scale({ inputShape }),
        tf.layers.dense({ units: outputs, activation: 'softmax', kernelInitializer: 'heNormal' }),
      ] }),
    });`);
    const experiment = experimentOf({ model: 'module', loss: 'softmaxCrossEntropy' });
    const model = await TrainingModel.build(tf, experiment, data, module);
    const initializers = model.manifest.parameters.map(({ initializer }) => initializer.name);
    expect(initializers).toEqual(['constant', 'glorotNormal', 'ones', 'heNormal', 'zeros']);
    model.setWeights(new Float32Array(model.manifest.parameterCount), new Float32Array(0));
    const { lossSum } = model.evaluate({ inputs: Float32Array.of(1, 2), labels: Int32Array.of(0), count: 1 });
    expect(lossSum).toBeCloseTo(Math.log(2), 5);
    model.dispose();
  });
});

describe('a module', () => {
  it('is given the options of the experiment', async () => {
    const module = await load(
      `export default defineModule(({ gamma }) => ({ metrics: { gamma: (y) => tf.fill([y.shape[0]], gamma) } }));`,
      { gamma: 5 },
    );
    const values = module.metric('gamma')?.(tf.zeros([2, 1]), tf.zeros([2]));
    expect([...(values?.dataSync() ?? [])]).toEqual([5, 5]);
  });

  it('warns once of each function that the seed does not decide, and of the clock', async () => {
    const module = await load(`
const at = Date.now() + new Date(0).getTime();
Math.random(); Math.random(); tf.randomNormal([1]);
export default defineModule({ metrics: { at: (y) => tf.fill([1], at > 0 ? Math.max(1, 2) : 0) } });`);
    const named = module.warnings.map((warning) => / calls (\S+),/.exec(warning)?.[1]);
    expect(named).toEqual(['Date.now', 'Math.random', 'tf.randomNormal']);
  });

  it('gives data that are refused with the split and the sample', async () => {
    const read = async (given: string) => {
      const module = await load(`export default defineModule({ dataSource: () => (${given}) });`);
      return await messageOf(async () => await module.readData(experimentOf()));
    };
    const labels = '{ samples: new Uint8Array(4), labels: [0, 2] }';
    expect(await read(`{ shape: [2], classes: ['a', 'b'], train: ${labels} }`)).toBe(
      'module own.ts, dataSource: train: sample 1 has label 2, labels are 0 to 1',
    );
    expect(await read(`{ shape: [3], classes: null, train: ${labels} }`)).toBe(
      'module own.ts, dataSource: train: has 2 labels and 4 values; a sample has 3',
    );
    expect(await read(`{ shape: [], classes: null, train: ${labels} }`)).toBe(
      'module own.ts, dataSource: shape is [], it must be 1 to 3 whole numbers from 1, such as [2]',
    );
  });

  it('gives data that the loss must be for', async () => {
    const open = async (classes: string, loss: 'softmaxCrossEntropy' | 'meanSquaredError') => {
      const train = '{ samples: new Uint8Array(4), labels: [0, 1] }';
      const module = await load(
        `export default defineModule({ dataSource: () => ({ shape: [2], classes: ${classes}, train: ${train} }) });`,
      );
      const experiment = experimentOf({ loss });
      const readModule = async () => await module.readData(experiment);
      return await openDataset(experiment, { readModule });
    };
    expect(await messageOf(async () => await open('null', 'softmaxCrossEntropy'))).toBe(
      'loss: softmaxCrossEntropy is for classes, the data have numbers to predict',
    );
    expect(await messageOf(async () => await open("['a', 'b']", 'meanSquaredError'))).toBe(
      'loss: meanSquaredError is for numbers to predict, the data have 2 classes',
    );
    const { splits, outputs } = await open('null', 'meanSquaredError');
    expect([splits.train.count, outputs]).toEqual([2, 1]);
  });

  it.each([
    ['export const loss = 1;', 'module own.ts: has no default export; write export default defineModule({ … })'],
    ['export default defineModule({ metric: {} });', "module own.ts: exports 'metric'; did you mean 'metrics'?"],
    [
      'export default defineModule({ loss: () => 1 });',
      'module own.ts: loss must be an object with a function perSample',
    ],
    [
      `${scale}export default defineModule({ layers: { dense: Scale } });`,
      'module own.ts: layers.dense: what is built in has this name; choose another',
    ],
    [
      `${scale}Scale.className = 'Dense'; export default defineModule({ layers: { scale: Scale } });`,
      "module own.ts: layers.scale: its className 'Dense' is that of a layer of tfjs; choose another",
    ],
    [
      'export default defineModule({ layers: { scale: class {} } });',
      'module own.ts: layers.scale must be a class that extends tf.layers.Layer',
    ],
  ])('is refused: %s', async (body, message) => {
    expect(await messageOf(async () => await load(body))).toBe(message);
  });

  it('is refused where the experiment names what it does not export, every name at once', async () => {
    const module = await load(`${scale}export default defineModule({ layers: { scale: Scale } });`);
    const experiment = experimentOf({
      model: [{ repeat: { times: 2, layers: ['scael'] } }],
      metrics: ['accuracy', 'f1'],
      augment: [{ noise: { deviation: 1 } }],
    });
    expect((await messageOf(() => requireUsedNames(experiment, module))).split('\n')).toEqual([
      "data.source: 'module' is the module's dataSource, but own.ts exports none",
      "loss: 'module' is the module's loss, but own.ts exports none",
      "model[0].repeat.layers[0].scael: there is no layer 'scael'; own.ts exports scale; did you mean 'scale'?",
      "metrics[1]: there is no metric 'f1'; own.ts exports none; built in are accuracy, topKAccuracy, meanAbsoluteError, meanSquaredError, rootMeanSquaredError, rSquared",
      "augment[0]: there is no augmentation 'noise'; own.ts exports none; built in are flip, crop, resizedCrop, rotate, translate, brightness, contrast, saturation, lighting, erase, cutout, mixup",
    ]);
  });
});

describe('without a module in the experiment', () => {
  it('its parts are refused, and it is said what is missing', () => {
    const { module: _, ...rest } = experimentOf({ model: ['flatten'] });
    expect(() => defineExperiment(rest as never)).toThrow(
      "loss: is 'module', must be one of softmaxCrossEntropy, binaryCrossEntropy, hinge, binaryHinge,",
    );
    expect(() => defineExperiment(rest as never)).toThrow(
      'module: is missing, though the experiment has parts of a module; write module: ./my-module.ts',
    );
  });
});
