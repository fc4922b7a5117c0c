/** Reads the samples of a file that a run is to predict: a picture, the rows of a csv, or a .npy array. */
import { stat } from 'node:fs/promises';
import { PolyakError } from '../common/errors.js';
import { decodeNpy, writeFloats, type NpyArray } from '../common/npy.js';
import { decodeAll } from '../worker/data/picture.js';
import { readDataFile } from '../worker/data/read-file.js';
import type { Encoding } from '../worker/data/encoding.js';
import { encodeColumns, featuresOf, fillMissing } from '../worker/data/sources/csv-features.js';
import { parseCsv } from '../worker/data/sources/csv-table.js';
import type { Samples } from './preprocessor.js';
import type { TrainedRun } from './trained-run.js';

export interface InputFile {
  samples: Samples;
  count: number;
  /** Whether files of its kind hold many samples. */
  many: boolean;
}

const picturePattern = /\.(jpe?g|png|webp|gif|tiff?)$/i;
const tablePattern = /\.csv(\.gz)?$/i;
const arrayPattern = /\.npy(\.gz)?$/i;
const kinds = 'jpg, png, webp, gif, tiff, csv, csv.gz, npy or npy.gz';
/** As those of a training set. */
const inputBytesMax = 2 ** 30;

/** Errors: `data`, naming the file and what the model takes. */
export async function readInput(path: string, run: TrainedRun): Promise<InputFile> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile()) throw new PolyakError('data', `${path}: ${info ? 'is a folder, no file' : 'does not exist'}`);
  if (picturePattern.test(path)) return { samples: await readPicture(path, run), count: 1, many: false };
  const read = tablePattern.test(path) ? readTable : arrayPattern.test(path) ? readArray : undefined;
  if (!read) throw new PolyakError('data', `${path}: its name does not end in ${kinds}`);
  const samples = await read(await readDataFile(path, { key: 'predict', bytesMax: inputBytesMax }), path, run);
  return { samples, count: samples.length / run.features, many: true };
}

/** Bytes of the model's size and channels; a model of one channel gets the brightness (ITU-R BT.601). */
async function readPicture(path: string, run: TrainedRun): Promise<Uint8Array> {
  requireBytes(path, run, 'a picture');
  const [height = 0, width = 0, channels = 0] = run.inputShape;
  if (run.inputShape.length !== 3 || (channels !== 1 && channels !== 3)) {
    throw new PolyakError('data', `${path}: is a picture, the model takes samples of ${shapeOf(run)}`);
  }
  const colours = new Uint8Array(height * width * 3);
  await decodeAll([{ path, label: 0 }], [height, width], colours, { resize: true, signal: undefined });
  return channels === 3 ? colours : brightness(colours);
}

function brightness(colours: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: colours.length / 3 }, (_, pixel) => {
    const [red = 0, green = 0, blue = 0] = colours.subarray(pixel * 3, pixel * 3 + 3);
    return Math.round((299 * red + 587 * green + 114 * blue) / 1000);
  });
}

/** Rows of features, with or without the label's column, which is not looked at. */
async function readTable(bytes: Buffer, path: string, run: TrainedRun): Promise<Float32Array> {
  const { data } = run.experiment;
  if (run.encoding?.columns) return await readEncoded(bytes, path, data.source !== 'csv' || data.header, run.encoding);
  const options = data.source === 'csv' ? data : { header: true, label: 'last' };
  const end = bytes.indexOf(10);
  const columns = columnsOf(bytes.toString('utf8', 0, end < 0 ? bytes.length : end));
  const { features } = run;
  if (columns !== features && columns !== features + 1) {
    const wanted = `the model takes ${features} features; a label's column may stand beside them`;
    throw new PolyakError('data', `${path}: has ${columns} ${columns === 1 ? 'column' : 'columns'}, ${wanted}`);
  }
  // The parser wants a label's column, so one is put there.
  const labelled =
    columns === features + 1
      ? bytes
      : Buffer.from(
          bytes
            .toString()
            .trimEnd()
            .replaceAll(/\r?\n|$/g, ',0$&'),
        );
  const label = labelled === bytes ? options.label : 'last';
  const parsed = await parseCsv(labelled, path, { header: options.header, label, regression: false });
  return parsed.cells;
}

/** By the columns that the run knows: a header may name them in any order, others beside them are not looked at. */
async function readEncoded(bytes: Buffer, path: string, header: boolean, known: Encoding): Promise<Float32Array> {
  const table = await parseCsv(bytes, path, { header, label: null, regression: false, known });
  const inputs = encodeColumns(table);
  const samples = await featuresOf(table, inputs);
  const split = { count: table.count, samples };
  await fillMissing(table, inputs, { train: split, trainRows: new Uint32Array(0), splits: [split] });
  return samples;
}

function columnsOf(line: string): number {
  return line.replaceAll(/"[^"]*"/g, '').split(',').length;
}

/** [count, ...shape], [count, features], or one sample. */
async function readArray(bytes: Buffer, path: string, run: TrainedRun): Promise<Samples> {
  const array = decodeNpy(bytes, path);
  const { shape } = array;
  if (array.type === 'uint8') requireBytes(path, run, 'uint8');
  const one = run.inputShape.join();
  const rest = shape.slice(1).join();
  if (shape.join() === one || (shape.length > 1 && (rest === one || rest === String(run.features))))
    return samplesOf(array);
  throw new PolyakError(
    'data',
    `${path}: has shape [${shape.join(', ')}], the model takes [count, ${shapeOf(run).slice(1)}`,
  );
}

function samplesOf(array: NpyArray): Samples {
  if (array.type === 'uint8') return array.values as Uint8Array;
  const floats = new Float32Array(array.values.length);
  writeFloats(array, 0, floats.length, floats);
  return floats;
}

/** What bytes mean is known where training read bytes: byte / 255. Numbers have a scale of their own. */
function requireBytes(path: string, run: TrainedRun, what: string): void {
  const { source } = run.experiment.data;
  if (source !== 'csv' && run.encoding?.values !== 'numbers') return;
  const [of, scale] = source === 'csv' ? ['a csv', "the csv's scale, as csv or"] : ['arrays', 'their scale,'];
  const advice = `give the numbers in ${scale} as a .npy of float32`;
  throw new PolyakError('data', `${path}: is ${what}, but the model was trained on the numbers of ${of}; ${advice}`);
}

function shapeOf(run: TrainedRun): string {
  return `[${run.inputShape.join(', ')}]`;
}
