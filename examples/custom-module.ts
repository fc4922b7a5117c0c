/** Parts of an experiment of one's own, for custom-module.yaml. Workers get it bundled; none of them needs this file. */
import * as tf from '@tensorflow/tfjs';
import { defineModule, layerRandom, type ModuleRandom } from 'polyak/module';

const samples = 2000;

/** Points [x, y] on two arms of a spiral, and which arm each is on. */
function spirals(random: ModuleRandom, turns: number) {
  const points = new Float32Array(2 * samples);
  const arms = new Int32Array(samples);
  for (let index = 0; index < samples; index++) {
    const arm = index % 2;
    const radius = Math.sqrt(random.uniform());
    const angle = 2 * Math.PI * turns * radius + Math.PI * arm;
    points[2 * index] = radius * Math.cos(angle) + 0.02 * random.normal();
    points[2 * index + 1] = radius * Math.sin(angle) + 0.02 * random.normal();
    arms[index] = arm;
  }
  return { samples: points, labels: arms };
}

/** exp(-|x - centre|^2 / width^2) for each of its units; while training, each unit is silent one time in twenty. */
class RadialBasis extends tf.layers.Layer {
  readonly units: number;
  private centres!: tf.LayerVariable;
  private widths!: tf.LayerVariable;

  constructor(options: { units: number; name?: string }) {
    super(options);
    this.units = options.units;
  }

  override build(shape: tf.Shape): void {
    const features = shape.at(-1) ?? 1;
    this.centres = this.addWeight(
      'centres',
      [this.units, features],
      'float32',
      tf.initializers.randomNormal({ stddev: 0.7 }),
    );
    this.widths = this.addWeight('widths', [this.units], 'float32', tf.initializers.constant({ value: 0.3 }));
    super.build(shape);
  }

  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return [shape[0] ?? null, this.units];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const points = Array.isArray(inputs) ? inputs[0]! : inputs;
    const distances = tf.sub(tf.expandDims(points, 1), tf.expandDims(this.centres.read(), 0));
    const values = tf.exp(tf.neg(tf.div(tf.sum(tf.square(distances), -1), tf.square(this.widths.read()))));
    const random = layerRandom(this);
    if (!random) return values;
    const heard = Float32Array.from({ length: this.units }, () => (random.integer(20) === 0 ? 0 : 20 / 19));
    return tf.mul(values, tf.tensor1d(heard));
  }

  override getConfig() {
    return { ...super.getConfig(), units: this.units };
  }
}

export default defineModule(({ focus = 2, turns = 1 }: { focus?: number; turns?: number }) => ({
  dataSource: ({ random }) => ({ shape: [2], classes: ['first', 'second'], train: spirals(random, turns) }),

  augment: {
    jitter(sample, { random, options }) {
      for (let index = 0; index < sample.length; index++) {
        sample[index] = sample[index]! + Number(options['deviation']) * random.normal();
      }
    },
  },

  layers: { radialBasis: RadialBasis },

  metrics: {
    /** The probability of the label. */
    confidence: (outputs, labels) => tf.sum(tf.mul(tf.oneHot(labels as tf.Tensor1D, 2), tf.softmax(outputs)), 1),
  },

  /** Lin et al., "Focal loss for dense object detection", 2017: -(1 - p)^focus log p, p the label's probability. */
  loss: {
    perSample(outputs, labels) {
      const logProbabilities = tf.logSoftmax(outputs);
      const ofLabel = tf.sum(tf.mul(tf.oneHot(labels as tf.Tensor1D, 2), logProbabilities), 1);
      return tf.neg(tf.mul(tf.pow(tf.sub(1, tf.exp(ofLabel)), focus), ofLabel));
    },
  },
}));
