/** Which pixels of a sample are erased: a random box within it, or a square that may hang over its edge. */
import type { AugmentOptions } from '../../../common/experiment/augment-schema.js';
import type { CounterRandom } from '../../../common/random.js';
import type { PictureSize } from './affine-map.js';
import { drawBoxSize } from './random-box.js';
import { seekWords } from './words.js';

/** [top, left, bottom, right], the last two beyond it; within the picture. */
export type ErasedBox = readonly [number, number, number, number];

const nothing: ErasedBox = [0, 0, 0, 0];

export function drawErased(
  { probability, ...ranges }: AugmentOptions['erase'],
  random: CounterRandom,
  size: PictureSize,
): ErasedBox {
  const isErased = seekWords(random, 'erase').uniform() < probability;
  const drawn = drawBoxSize(ranges, random, size);
  if (!isErased || !drawn) return nothing;
  const [height, width] = [Math.round(drawn.height), Math.round(drawn.width)];
  const top = random.integer(size.height - height + 1);
  const left = random.integer(size.width - width + 1);
  return [top, left, top + height, left + width];
}

export function drawCutout(
  { size: side }: AugmentOptions['cutout'],
  random: CounterRandom,
  { height, width }: PictureSize,
): ErasedBox {
  seekWords(random, 'cutout');
  const top = random.integer(height) - Math.floor(side / 2);
  const left = random.integer(width) - Math.floor(side / 2);
  return [Math.max(0, top), Math.max(0, left), Math.min(height, top + side), Math.min(width, left + side)];
}
