// Prints a model.json with layers that the experiment file's list has no word for.
import * as tf from '@tensorflow/tfjs';

tf.enableProdMode();
const input = tf.input({ shape: [6, 5, 3] });
const scaled = tf.layers.rescaling({ scale: 0.5, offset: -0.25 }).apply(input);
const convolved = tf.layers.conv2d({ filters: 6, kernelSize: 3, padding: 'same' }).apply(scaled);
const leaky = tf.layers.leakyReLU({ alpha: 0.2 }).apply(convolved);
const beside = tf.layers.concatenate().apply([leaky, scaled]);
const pooled = tf.layers.maxPooling2d({ poolSize: 2 }).apply(tf.layers.reLU({ maxValue: 2 }).apply(beside));
const hidden = tf.layers.dense({ units: 8 }).apply(tf.layers.flatten().apply(pooled));
const shares = tf.layers.softmax().apply(tf.layers.elu().apply(hidden));
const outputs = tf.layers.dense({ units: 3, activation: 'softmax' }).apply(shares);
process.stdout.write(JSON.stringify(tf.model({ inputs: input, outputs }).toJSON(null, false)));
