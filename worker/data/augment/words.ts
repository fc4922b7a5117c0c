/**
 * Where each augmentation finds its words in a sample's stream of draws. They are part of the format: each has its own,
 * so that one more augmentation changes nothing of what the others draw.
 */
import type { AugmentName } from '../../../common/experiment/augment-schema.js';
import type { CounterRandom } from '../../../common/random.js';

/** Flip and crop come first, one behind the other, whichever of them is there. */
const firstWord: Record<Exclude<AugmentName, 'flip' | 'crop'>, number> = {
  resizedCrop: 64,
  rotate: 128,
  translate: 132,
  brightness: 136,
  contrast: 140,
  saturation: 144,
  lighting: 148,
  erase: 160,
  cutout: 256,
  mixup: 320,
};

export function seekWords(random: CounterRandom, name: keyof typeof firstWord): CounterRandom {
  random.seek(firstWord[name]);
  return random;
}
