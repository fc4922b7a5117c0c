/** NumPy arrays by their names in one .npz file, such as Keras's mnist.npz. */
import type { NpzData } from '../../../common/experiment/array-schema.js';
import { NpzFile } from '../npz.js';
import type { RawData } from '../raw-data.js';
import type { SampleStore } from '../sample-store.js';
import { arraysToRaw, type ArraySplit, type NamedArray } from './arrays.js';

/** Errors: `data`, naming the array and what in it is wrong. */
export async function readNpz(data: NpzData, store: SampleStore): Promise<RawData> {
  const file = await NpzFile.open(data.path);
  const read = async (key: string, name: string): Promise<NamedArray> => ({
    ...{ name: `${data.path}[${name}]` },
    ...(await file.read(name, `data.${key}`)),
  });
  const other = async (key: 'validation' | 'test'): Promise<ArraySplit | null> => {
    const split = data[key];
    if (typeof split !== 'object' || !('inputs' in split)) return null;
    return { inputs: await read(`${key}.inputs`, split.inputs), labels: await read(`${key}.label`, split.label) };
  };
  try {
    const train: ArraySplit = { inputs: await read('inputs', data.inputs), labels: await read('label', data.label) };
    if (data.sampleWeight !== undefined) train.weights = await read('sampleWeight', data.sampleWeight);
    const [validation, test] = [await other('validation'), await other('test')];
    return await arraysToRaw({ train, validation, test }, data, store);
  } finally {
    await file.close();
  }
}
