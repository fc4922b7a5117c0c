/** Reads the samples of a file that a run is to predict: a picture, the rows of a csv, or a .npy array. */
import { stat } from 'node:fs/promises';
import { PolyakError } from '../common/errors.js';
import { decodeNpy } from '../common/npy.js';
import { decodeAll } from '../worker/data/picture.js';
import { readDataFile } from '../worker/data/read-file.js';
import { parseCsv } from '../worker/data/sources/csv-table.js';
import type { Samples } from './preprocessor.js';
import type { TrainedRun } from './trained-run.js';

export interface InputFile {
  samples: Samples;
  count: number;
  /** Whether files of its kind hold many samples. */
  many: boolean;
}

const picture = /\.(jpe?g|png|webp|gif|tiff?)$/i;
const table = /\.csv(\.gz)?$/i;
const array = /\.npy(\.gz)?$/i;
const kinds = 'jpg, png, webp, gif, tiff, csv, csv.gz, npy or npy.gz';
/** As those of a training set. */
const inputBytesMax = 2 ** 30;

/** Errors: `data`, naming the file and what the model takes. */
export async function readInput(path: string, run: TrainedRun): Promise<InputFile> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile()) throw new PolyakError('data', `${path}: ${info ? 'is a folder, no file' : 'does not exist'}`);
  if (picture.test(path)) return { samples: await readPicture(path, run), count: 1, many: false };
  const read = table.test(path) ? readTable : array.test(path) ? readArray : undefined;
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
  return parsed.samples;
}

function columnsOf(line: string): number {
  return line.replaceAll(/"[^"]*"/g, '').split(',').length;
}

/** [count, ...shape], [count, features], or one sample. */
async function readArray(bytes: Buffer, path: string, run: TrainedRun): Promise<Samples> {
  const { shape, values } = decodeNpy(bytes, path);
  if (values instanceof Uint8Array) requireBytes(path, run, 'uint8');
  const one = run.inputShape.join();
  const rest = shape.slice(1).join();
  if (shape.join() === one || (shape.length > 1 && (rest === one || rest === String(run.features)))) return values;
  throw new PolyakError(
    'data',
    `${path}: has shape [${shape.join(', ')}], the model takes [count, ${shapeOf(run).slice(1)}`,
  );
}

/** What bytes mean is known where training read bytes: byte / 255. The numbers of a csv have a scale of their own. */
function requireBytes(path: string, run: TrainedRun, what: string): void {
  if (run.experiment.data.source !== 'csv') return;
  const advice = "give the numbers in the csv's scale, as csv or as a .npy of float32";
  throw new PolyakError('data', `${path}: is ${what}, but the model was trained on the numbers of a csv; ${advice}`);
}

function shapeOf(run: TrainedRun): string {
  return `[${run.inputShape.join(', ')}]`;
}
