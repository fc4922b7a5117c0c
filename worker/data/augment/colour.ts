/**
 * What is done to a sample's colours, as one linear map of each pixel: brightness, then contrast, then saturation, then
 * lighting. Values are those before preprocessing, and are cut off nowhere.
 */
import type { AugmentOptions } from '../../../common/experiment/augment-schema.js';
import type { CounterRandom } from '../../../common/random.js';
import type { PrincipalComponent } from './principal-components.js';
import { seekWords } from './words.js';

/** Of red, green and blue in a pixel's grey (ITU-R BT.601, as in Pillow). */
const greyParts = [0.299, 0.587, 0.114] as const;

/** Each pixel's channels become gain * (saturation x + (1 - saturation) grey(x)) + offset. */
export interface Colouring {
  gain: number;
  saturation: number;
  /** Of each channel. */
  offset: number[];
}

export function changesColour(options: Partial<AugmentOptions>): boolean {
  const { brightness, contrast, saturation, lighting } = options;
  return [brightness, contrast, saturation, lighting].some((each) => each !== undefined);
}

/** `means` are those of the sample's channels, which only contrast looks at; components are null until they are known. */
export function drawColouring(
  { brightness, contrast, saturation, lighting }: Partial<AugmentOptions>,
  random: CounterRandom,
  means: readonly number[],
  components: readonly PrincipalComponent[] | null,
): Colouring {
  const factorOf = (name: 'brightness' | 'contrast' | 'saturation', options?: { factor: number }) =>
    options ? 1 + options.factor * (2 * seekWords(random, name).uniform() - 1) : 1;
  const bright = factorOf('brightness', brightness);
  const sharp = factorOf('contrast', contrast);
  const offset = means.map(() => (1 - sharp) * bright * greyOf(means));
  if (lighting) {
    seekWords(random, 'lighting');
    for (const { variance, colour } of components ?? []) {
      const size = lighting.deviation * random.normal() * variance;
      for (const [channel, part] of colour.entries()) offset[channel]! += size * part;
    }
  }
  return { gain: bright * sharp, saturation: factorOf('saturation', saturation), offset };
}

/** Nine numbers of a matrix, row by row, and three of an offset: what the kernel `recolour` takes. */
export function colourMatrix({ gain, saturation, offset }: Colouring): number[] {
  const matrix = [0, 1, 2].flatMap((row) =>
    greyParts.map((part, column) => gain * ((row === column ? saturation : 0) + (1 - saturation) * part)),
  );
  return [...matrix, ...offset];
}

/** Of three channels by their parts, else the mean of them. */
function greyOf(channels: readonly number[]): number {
  if (channels.length === greyParts.length)
    return greyParts.reduce((grey, part, index) => grey + part * channels[index]!, 0);
  return channels.reduce((sum, value) => sum + value, 0) / channels.length;
}
