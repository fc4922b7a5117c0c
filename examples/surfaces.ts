/**
 * A model of two weights, x and y, that puts out the height of a surface over them: what an optimizer does can be drawn.
 * Its three samples ask for the height, for x and for y. The loss is the height alone; x and y are metrics.
 */
import * as tf from '@tensorflow/tfjs';
import { defineModule } from 'polyak/module';

/** The heights, by name. */
const surfaces = {
  /** A bowl that is ten times as long as it is wide. */
  bowl: (x: tf.Tensor, y: tf.Tensor) => tf.add(tf.mul(0.01, tf.square(x)), tf.square(y)),
  /** Up along x; along y down to ±√2 from the middle, which is flat: there the slope alone moves nothing. */
  saddle: (x: tf.Tensor, y: tf.Tensor) =>
    tf.add(tf.square(x), tf.sub(tf.mul(0.05, tf.pow(y, 4)), tf.mul(0.2, tf.square(y)))),
  /** Rosenbrock's curved valley, whose lowest point is (1, 1). */
  rosenbrock: (x: tf.Tensor, y: tf.Tensor) =>
    tf.add(tf.square(tf.sub(1, x)), tf.mul(100, tf.square(tf.sub(y, tf.square(x))))),
};

interface SurfaceOptions {
  surface: keyof typeof surfaces;
  x: number;
  y: number;
  name?: string;
}

class Surface extends tf.layers.Layer {
  private readonly point: tf.LayerVariable[] = [];

  constructor(readonly options: SurfaceOptions) {
    super({ name: options.name });
  }

  override build(shape: tf.Shape): void {
    const { x, y } = this.options;
    for (const [name, value] of Object.entries({ x, y })) {
      this.point.push(this.addWeight(name, [1], 'float32', tf.initializers.constant({ value })));
    }
    super.build(shape);
  }

  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return [shape[0] ?? null, 1];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const asked = (Array.isArray(inputs) ? inputs[0]! : inputs) as tf.Tensor2D;
    const [x, y] = this.point.map((weight) => weight.read()) as [tf.Tensor, tf.Tensor];
    return tf.matMul(asked, tf.stack([surfaces[this.options.surface](x, y), x, y]) as tf.Tensor2D);
  }

  override getConfig() {
    return { ...super.getConfig(), ...this.options };
  }
}

/** The output where the label is this one, so that its mean over the samples is the output itself. */
const answer = (outputs: tf.Tensor, labels: tf.Tensor, label: number) =>
  tf.squeeze(tf.mul(tf.mul(3, outputs), tf.cast(tf.equal(labels, label), 'float32')), [1]);

export default defineModule({
  dataSource: () => ({
    shape: [3],
    classes: null,
    train: { samples: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), labels: Float32Array.of(0, 1, 2) },
  }),
  layers: { surface: Surface },
  metrics: {
    x: (outputs, labels) => answer(outputs, labels, 1),
    y: (outputs, labels) => answer(outputs, labels, 2),
  },
  loss: { labels: 'numbers', perSample: (outputs, labels) => answer(outputs, labels, 0) },
});
