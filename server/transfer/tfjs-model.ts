/**
 * The weights of a tfjs layers model, a `model.json` with its shards beside it, as a source. The topology in it is not
 * looked at: that is the experiment's `model`.
 */
import { open, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { PolyakError } from '../../common/errors.js';
import { floatsOf } from './float-types.js';
import { readAt, sha256OfFiles } from './safetensors-tensors.js';
import type { WeightSource } from './weight-source.js';

const jsonBytesMax = 64 << 20;
const quantisationSchema = z.looseObject({
  dtype: z.enum(['uint8', 'uint16', 'float16']),
  min: z.number().optional(),
  scale: z.number().optional(),
});
const groupSchema = z.looseObject({
  paths: z.array(z.string().min(1)),
  weights: z.array(
    z.looseObject({
      name: z.string(),
      shape: z.array(z.int().nonnegative()).max(8),
      dtype: z.string(),
      quantization: quantisationSchema.optional(),
    }),
  ),
});
type Group = z.output<typeof groupSchema>;
type Weight = Group['weights'][number];

interface Shard {
  file: string;
  /** First byte in the group, and the one behind its last. */
  from: number;
  to: number;
}

interface Place {
  weight: Weight;
  shards: Shard[];
  from: number;
  to: number;
}

const tfjsWidths: Readonly<Record<string, number>> = {
  ...{ float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2, complex64: 8 },
};

/** Errors: `data` for a file that is torn or says what its shards do not have. */
export async function openTfjsModel(file: string): Promise<WeightSource> {
  const groups = await readGroups(file);
  const places = new Map<string, Place>();
  const files = [file];
  for (const group of groups) {
    const shards = await shardsOf(file, group.paths);
    files.push(...shards.map((shard) => shard.file));
    for (const place of placesOf(file, group.weights, shards)) {
      if (places.has(place.weight.name)) throw wrong(file, `has two weights '${place.weight.name}'`);
      places.set(place.weight.name, place);
    }
  }
  return {
    name: file,
    shapes: new Map([...places].map(([name, { weight }]) => [name, weight.shape])),
    read: async (name) => {
      const place = places.get(name);
      if (!place) throw new Error(`${file} has no weight ${name}`);
      return decode(file, place.weight, await readPlace(place));
    },
    sha256: async () => await sha256OfFiles(files),
    close: async () => await Promise.resolve(),
  };
}

async function readGroups(file: string): Promise<Group[]> {
  const { size } = await stat(file);
  if (size > jsonBytesMax) throw wrong(file, `has ${size} bytes, the most is ${jsonBytesMax}`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw wrong(file, 'is no JSON', error);
  }
  const found = z.looseObject({ weightsManifest: z.array(groupSchema).min(1) }).safeParse(json);
  if (found.success) return found.data.weightsManifest;
  throw wrong(file, 'has no weightsManifest with paths and weights; it is a topology alone, or no model.json');
}

/** They lie beside the model.json, and nowhere else, whatever it says. */
async function shardsOf(file: string, paths: readonly string[]): Promise<Shard[]> {
  const shards: Shard[] = [];
  let from = 0;
  for (const path of paths) {
    if (basename(path) !== path || path.includes('\\') || path === '..') {
      throw wrong(file, `its shard '${path}' is not in its own folder`);
    }
    const shard = join(dirname(file), path);
    const info = await stat(shard).catch(() => undefined);
    if (!info?.isFile()) throw wrong(file, `its shard '${path}' is not there`);
    shards.push({ file: shard, from, to: from + info.size });
    from += info.size;
  }
  return shards;
}

/** The weights lie one behind the other, over all shards of the group. */
function placesOf(file: string, weights: readonly Weight[], shards: Shard[]): Place[] {
  const bytes = shards.at(-1)?.to ?? 0;
  let at = 0;
  const places = weights.map((weight): Place => {
    const { name, shape, dtype, quantization } = weight;
    const stored = quantization?.dtype ?? dtype;
    const width = Object.hasOwn(tfjsWidths, stored) ? tfjsWidths[stored] : undefined;
    if (width === undefined) throw wrong(file, `${name} is of type '${stored}', whose size is not known`);
    const from = at;
    at += shape.reduce((product, size) => product * size, width);
    if (!(at <= bytes))
      throw wrong(file, `is torn: ${name} of [${shape.join(', ')}] ends at byte ${at}, there are ${bytes}`);
    return { weight, shards, from, to: at };
  });
  if (at !== bytes) throw wrong(file, `its weights end at byte ${at}, its shards have ${bytes}`);
  return places;
}

async function readPlace({ shards, from, to }: Place): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const shard of shards) {
    const [first, end] = [Math.max(from, shard.from), Math.min(to, shard.to)];
    if (first >= end) continue;
    const handle = await open(shard.file, 'r');
    try {
      parts.push(await readAt(shard.file, handle, first - shard.from, end - first));
    } finally {
      await handle.close();
    }
  }
  return Buffer.concat(parts);
}

/** Quantised weights are min + scale × code, in float32, as tfjs has it. */
function decode(file: string, { name, dtype, quantization }: Weight, bytes: Buffer): Float32Array {
  if (dtype !== 'float32') throw wrong(file, `${name} is of type ${dtype}, not float32`);
  if (!quantization) return floatsOf(bytes, 'F32');
  if (quantization.dtype === 'float16') return floatsOf(bytes, 'F16');
  const { dtype: stored, min, scale } = quantization;
  if (min === undefined || scale === undefined) throw wrong(file, `${name} is quantised without min and scale`);
  const codes =
    stored === 'uint8' ? bytes : Uint16Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readUInt16LE(2 * at));
  return Float32Array.from(codes, (code) => code * scale + min);
}

function wrong(file: string, what: string, cause?: unknown): PolyakError {
  return new PolyakError('data', `${file}: ${what}`, cause === undefined ? undefined : { cause });
}
