/** Where the pixels of an augmented sample come from: mirrored, a box of it, turned and shifted, as one map. */
import type { AugmentOptions } from '../../../common/experiment/augment-schema.js';
import type { CounterRandom } from '../../../common/random.js';
import {
  boxMap,
  compose,
  identityMap,
  mirrorMap,
  rotationMap,
  shiftMap,
  type AffineMap,
  type Box,
  type PictureSize,
} from './affine-map.js';
import { drawBoxSize, type BoxRanges } from './random-box.js';
import { seekWords } from './words.js';

/** What whole pixels can do. */
export interface Placement {
  isMirrored: boolean;
  /** Pixel (x, y) is the one at (x + shiftX, y + shiftY). */
  shiftX: number;
  shiftY: number;
}

/** From the first words: one for the flip, then one for each shift. */
export function drawPlacement({ flip, crop }: Partial<AugmentOptions>, random: CounterRandom): Placement {
  const isMirrored = flip !== undefined && random.integer(2) === 1;
  const draw = () => (crop ? random.integer(2 * crop.padding + 1) - crop.padding : 0);
  return { isMirrored, shiftX: draw(), shiftY: draw() };
}

/** Does anything need values between pixels? */
export function needsWarp({ resizedCrop, rotate, translate }: Partial<AugmentOptions>): boolean {
  return resizedCrop !== undefined || rotate !== undefined || translate !== undefined;
}

/**
 * All in one, so that a sample is interpolated once. As seen by the picture: it is shifted, then turned, then a box of it
 * is taken, then mirrored.
 */
export function drawMap(options: Partial<AugmentOptions>, random: CounterRandom, size: PictureSize): AffineMap {
  const { isMirrored, shiftX, shiftY } = drawPlacement(options, random);
  const { resizedCrop, rotate, translate } = options;
  let map = isMirrored ? mirrorMap(size) : identityMap;
  if (resizedCrop) map = compose(map, boxMap(drawCrop(resizedCrop, random, size), size));
  if (rotate) map = compose(map, rotationMap(rotate.degrees * signed(seekWords(random, 'rotate')), size));
  let [x, y] = [shiftX, shiftY];
  if (translate) {
    seekWords(random, 'translate');
    x += translate.fraction * size.width * signed(random);
    y += translate.fraction * size.height * signed(random);
  }
  return x === 0 && y === 0 ? map : compose(map, shiftMap(x, y));
}

/** Where no box fitted, the largest in the middle whose aspect is allowed. */
function drawCrop(ranges: BoxRanges, random: CounterRandom, size: PictureSize): Box {
  seekWords(random, 'resizedCrop');
  const drawn = drawBoxSize(ranges, random, size);
  if (!drawn) return middleBox(ranges.aspect, size);
  const left = (size.width - drawn.width) * random.uniform();
  return { ...drawn, left, top: (size.height - drawn.height) * random.uniform() };
}

function middleBox([least, largest]: readonly [number, number], { height, width }: PictureSize): Box {
  const aspect = Math.min(Math.max(width / height, least), largest);
  const box = { width: Math.min(width, height * aspect), height: Math.min(height, width / aspect) };
  return { ...box, left: (width - box.width) / 2, top: (height - box.height) / 2 };
}

/** In [-1, 1). */
function signed(random: CounterRandom): number {
  return 2 * random.uniform() - 1;
}
