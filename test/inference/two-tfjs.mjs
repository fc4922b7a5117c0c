// A program with a tfjs model of its own whose layers are named as the run's are, beside `loadRun`.
// node two-tfjs.mjs LIBRARY RUN SAMPLES: little-endian float32. Prints what each model says, before and after.
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';

const [library, folder, file] = process.argv.slice(2);
const { loadRun } = await import(library);
const run = await loadRun(folder);
const names = run.manifest.parameters.map(({ name }) => name);
// Every name that the run's weights have is taken already.
const taken = names.map((name, index) => tf.variable(tf.scalar(index), true, name));
const { buffer } = Uint8Array.from(readFileSync(file));
const samples = tf.tensor(new Float32Array(buffer)).reshape([-1, ...run.inputShape]);
const predicted = [...(await run.predict(samples))];
const again = await loadRun(folder);
const second = [...(await again.predict(samples))];
await run.dispose();
// The program's variables are still its own, and named as they were.
const kept = taken.map((variable) => variable.dataSync()[0]);
const listed = names.filter((name) => tf.engine().state.registeredVariables[name] !== undefined);
tf.disposeVariables();
const third = [...(await again.predict(samples))];
await again.dispose();
process.stdout.write(JSON.stringify({ predicted, second, third, kept, names, listed }));
