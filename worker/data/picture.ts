/** Decodes pictures to bytes of red, green and blue, several at once, always to the same bytes. */
import sharp, { type Sharp } from 'sharp';
import { PolyakError } from '../../common/errors.js';

export interface Picture {
  path: string;
  label: number;
}

export interface DecodeOptions {
  /** Pictures of another size are resized without keeping their proportions; else they are an error. */
  resize: boolean;
  signal?: AbortSignal | undefined;
}

const decodersAtOnce = 4;

/** [height, width] */
export async function sizeOfPicture(path: string): Promise<[number, number]> {
  const { height, width } = await decodable(path, async (image) => await image.metadata());
  return [height, width];
}

/** Into `samples`, [files, height, width, 3]. Errors: `data`, naming the first picture that cannot be decoded or has another size. */
export async function decodeAll(
  files: Picture[],
  size: [number, number],
  samples: Uint8Array,
  options: DecodeOptions,
): Promise<void> {
  const sampleBytes = size[0] * size[1] * 3;
  // The first failure stops the other decoders too.
  const failure = new AbortController();
  const signal = AbortSignal.any([failure.signal, ...(options.signal ? [options.signal] : [])]);
  let next = 0;
  const decodeSome = async () => {
    try {
      for (let row = next++; row < files.length; row = next++) {
        signal.throwIfAborted();
        samples.set(await decode(files[row]?.path ?? '', size, options.resize), row * sampleBytes);
      }
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  };
  await Promise.all(Array.from({ length: decodersAtOnce }, decodeSome));
}

async function decode(path: string, [height, width]: [number, number], resize: boolean): Promise<Uint8Array> {
  const { info, data } = await decodable(path, async (image) => {
    const sized = resize ? image.resize(width, height, { fit: 'fill' }) : image;
    const colours = sized.toColourspace('srgb').removeAlpha().raw({ depth: 'uchar' });
    return await colours.toBuffer({ resolveWithObject: true });
  });
  if (info.height !== height || info.width !== width) {
    const found = `${info.height}x${info.width}, the first picture ${height}x${width}`;
    throw new PolyakError('data', `${path}: is ${found}; set data.size to resize all`);
  }
  return data;
}

async function decodable<Value>(path: string, use: (image: Sharp) => Promise<Value>): Promise<Value> {
  try {
    return await use(sharp(path, { failOn: 'error' }));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PolyakError('data', `${path}: cannot be decoded: ${why.split('\n')[0]?.replace(/[:\s]+$/, '')}`, {
      cause: error,
    });
  }
}
