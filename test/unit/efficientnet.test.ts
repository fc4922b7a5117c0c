/** EfficientNet-Lite0 with its ImageNet weights, against an implementation that shares nothing with ours. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadExperiment } from '../../common/experiment/load.js';
import type { Manifest } from '../../common/manifest.js';
import { packageRoot } from '../../common/package-root.js';
import { initialize } from '../../common/initializers.js';
import { TransferredWeights } from '../../server/transfer/transferred-weights.js';
import { TrainingModel } from '../../worker/model/training-model.js';
import { configureTensorFlow, loadTensorFlow } from '../../worker/tensorflow/load.js';
import { missingData, realData } from '../real-data.js';

interface GoldenPicture {
  picture: string;
  byteSum: number;
  class: number;
  logits: number[];
}

const golden = join(packageRoot(), 'test/golden');
const { cases } = JSON.parse(readFileSync(join(golden, 'efficientnet-lite0.json'), 'utf8')) as {
  cases: GoldenPicture[];
};
const folder = realData('pretrained');

describe.skipIf(folder === undefined)(`EfficientNet-Lite0${folder === undefined ? `: ${missingData}` : ''}`, () => {
  let model: TrainingModel;
  beforeAll(async () => {
    configureTensorFlow({ backend: 'tensorflow', threads: 1 });
    const tf = await loadTensorFlow('tensorflow');
    const experiment = await loadExperiment(join(packageRoot(), 'examples/efficientnet-lite0.yaml'), [
      `transfer.from=${join(folder ?? '', 'efficientnet-lite0.safetensors')}`,
      'transfer.map.classifier=_fc',
      `model.${(await readLayers()).length - 1}.dense.units=1000`,
    ]);
    model = await TrainingModel.build(tf, experiment, { inputShape: [224, 224, 3], outputs: 1000 });
    const { manifest } = model;
    const { transfer, seed } = experiment;
    if (!transfer) throw new Error('the example has no transfer');
    const weights = await TransferredWeights.open(transfer, manifest);
    expect(weights.plan.left).toEqual([]);
    expect(weights.plan.drawn).toEqual(['scale/depthwise_kernel', 'scale/bias']);
    const { parameters, statistics } = await vectorsOf(weights, manifest, seed);
    await weights.close();
    model.setWeights(parameters, statistics);
  });
  afterAll(() => model.dispose());

  it.each(cases)('gives $picture the class $class, and every logit of it', async (picture) => {
    const bytes = await sharp(join(golden, 'pictures', picture.picture))
      .raw()
      .toBuffer();
    expect(bytes.reduce((sum, byte) => sum + byte, 0)).toBe(picture.byteSum);
    const probabilities = model.predict(
      Float32Array.from(bytes, (byte) => Math.fround(byte / 255)),
      1,
    );
    expect(probabilities.indexOf(Math.max(...probabilities))).toBe(picture.class);
    const most = Math.max(...picture.logits);
    const total = picture.logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
    const worst = picture.logits.reduce((difference, logit, index) => {
      const expected = logit - most - Math.log(total);
      return Math.max(difference, Math.abs(Math.log(probabilities[index] ?? 0) - expected));
    }, 0);
    expect(worst).toBeLessThan(2e-3);
  });
});

async function readLayers(): Promise<readonly unknown[]> {
  const { model } = await loadExperiment(join(packageRoot(), 'examples/efficientnet-lite0.yaml'));
  if (!Array.isArray(model)) throw new Error('the example is no list of layers');
  return model;
}

async function vectorsOf(weights: TransferredWeights, { parameters, statistics, ...counts }: Manifest, seed: number) {
  const vectors = {
    parameters: new Float32Array(counts.parameterCount),
    statistics: new Float32Array(counts.statisticsCount),
  };
  for (const [index, tensor] of [...parameters, ...statistics].entries()) {
    const { offset, length, initializer, shape } = tensor;
    const vector = index < parameters.length ? vectors.parameters : vectors.statistics;
    const out = vector.subarray(offset, offset + length);
    const values = await weights.read(tensor);
    if (values) out.set(values);
    else initialize(initializer, shape, seed, index, out);
  }
  return vectors;
}
