/** The size of a random box in a picture: an area and an aspect that fit, drawn again where they do not. */
import { exactExp, exactLog } from '../../../common/exact-math.js';
import type { CounterRandom } from '../../../common/random.js';
import type { PictureSize } from './affine-map.js';

/** Each from the first number to the second. */
export interface BoxRanges {
  /** As a part of the picture's. */
  area: readonly [number, number];
  /** Width / height. */
  aspect: readonly [number, number];
}

/** As torchvision has it. Each takes two words, whether it fits or not. */
const attempts = 10;

/** Area uniform, aspect uniform in its logarithm; null where none of ten was within the picture. */
export function drawBoxSize(
  { area, aspect }: BoxRanges,
  random: CounterRandom,
  { height, width }: PictureSize,
): PictureSize | null {
  const [least, largest] = [exactLog(aspect[0]), exactLog(aspect[1])];
  let found: PictureSize | null = null;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const pixels = between(area, random.uniform()) * height * width;
    const ratio = exactExp(between([least, largest], random.uniform()));
    const box = { height: Math.sqrt(pixels / ratio), width: Math.sqrt(pixels * ratio) };
    if (!found && box.height <= height && box.width <= width) found = box;
  }
  return found;
}

function between([least, largest]: readonly [number, number], part: number): number {
  return least + (largest - least) * part;
}
