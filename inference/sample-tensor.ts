/** Samples as a tensor, of tfjs or anybody's: values with a shape. What is checked is what a model would silently misread. */
import { PolyakError } from '../common/errors.js';
import type { Samples } from './preprocessor.js';

/** tfjs's tensors are such; so is `{ shape, data }`. */
export interface SampleTensor {
  readonly shape: readonly number[];
  /** Where it is said. */
  readonly dtype?: string;
  readonly data: Samples | (() => Promise<ArrayLike<number> | string[]>);
}

/** Errors: `usage` for a tensor of another shape or type. */
export async function samplesOf(samples: Samples | SampleTensor, inputShape: readonly number[]): Promise<Samples> {
  if (samples instanceof Uint8Array || samples instanceof Float32Array) return samples;
  const { shape, data } = samples;
  const expected = inputShape.join(', ');
  const sample = shape.length === inputShape.length ? shape : shape.slice(1);
  if (sample.join(', ') !== expected) {
    throw new PolyakError(
      'usage',
      `a tensor of shape [${shape.join(', ')}]: must be [count, ${expected}] or [${expected}]`,
    );
  }
  const values = typeof data === 'function' ? await data.call(samples) : data;
  const size = shape.reduce((product, length) => product * length, 1);
  if (!(values instanceof Uint8Array || values instanceof Float32Array)) {
    const way = 'give float32 values as the model was trained on, or the bytes of pictures as a Uint8Array';
    throw new PolyakError('usage', `a tensor of type ${samples.dtype ?? values.constructor.name}: ${way}`);
  }
  // tfjs's booleans come as bytes too, and are none.
  if (samples.dtype === 'bool') throw new PolyakError('usage', 'a tensor of type bool: give float32 values');
  if (values.length === size) return values;
  throw new PolyakError('usage', `a tensor of shape [${shape.join(', ')}] has ${size} values, not ${values.length}`);
}
