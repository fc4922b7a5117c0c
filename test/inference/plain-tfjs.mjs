// Predicts with an exported model as a web page would: over HTTP, by plain TensorFlow.js with nothing of ours.
// node plain-tfjs.mjs MODEL-FOLDER INPUTS OUTPUTS: both files are little-endian float32.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

// Else it advertises its native binding.
tf.enableProdMode();
const [folder, inputs, outputs] = process.argv.slice(2);
const server = createServer(({ url }, response) => response.end(readFileSync(join(folder, basename(url)))));
await new Promise((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});
const model = await tf.loadLayersModel(`http://127.0.0.1:${server.address().port}/model.json`);
server.close();
server.closeAllConnections();

const { buffer } = Uint8Array.from(readFileSync(inputs));
const shape = model.inputs[0].shape.slice(1);
const predicted = model.predict(tf.tensor(new Float32Array(buffer)).reshape([-1, ...shape]));
writeFileSync(outputs, new Uint8Array(predicted.dataSync().buffer));
