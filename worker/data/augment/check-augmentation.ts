/** Whether the augmentations suit the samples, which only the data say the shape of. */
import { PolyakError } from '../../../common/errors.js';
import type { Experiment } from '../../../common/experiment/schema.js';

/** Errors: `usage`. */
export function checkAugmentation({ augment }: Pick<Experiment, 'augment'>, shape: readonly number[]): void {
  const shown = JSON.stringify(shape);
  for (const [index, entry] of augment.entries()) {
    // Mixing takes samples of any shape.
    if ('module' in entry || 'mixup' in entry) continue;
    const name = `augment[${index}].${Object.keys(entry)[0] ?? ''}`;
    if (shape.length !== 3) {
      throw new PolyakError('usage', `${name}: is for images [height, width, channels], a sample is ${shown}`);
    }
    const [height = 0, width = 0, channels] = shape;
    if (('saturation' in entry || 'lighting' in entry) && channels !== 3) {
      throw new PolyakError('usage', `${name}: is for images of three channels, a sample is ${shown}`);
    }
    if ('crop' in entry && entry.crop.padding >= Math.min(height, width)) {
      const given = `${name}.padding: ${entry.crop.padding}`;
      throw new PolyakError('usage', `${given} could move the whole image away, a sample is ${shown}`);
    }
    if ('cutout' in entry && entry.cutout.size >= 2 * Math.max(height, width)) {
      const given = `${name}.size: ${entry.cutout.size}`;
      throw new PolyakError('usage', `${given} leaves nothing of the image wherever it lies, a sample is ${shown}`);
    }
  }
}
