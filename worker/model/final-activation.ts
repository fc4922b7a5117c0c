/** Takes a final softmax or sigmoid off a model, because the losses work on logits. */
import { PolyakError } from '../../common/errors.js';
import type { Layer } from '../../common/experiment/layer-schema.js';

/**
 * The layers without the final activation that the loss includes. Errors: PolyakError `usage` where the last layer has
 * the other one.
 */
export function withoutFinalActivation(layers: Layer[], loss: string, included: string | undefined): Layer[] {
  const last = layers.at(-1);
  if (!last || !('options' in last) || last.type === 'custom' || !('activation' in last.options)) {
    return layers;
  }
  const { activation } = last.options;
  if (typeof activation !== 'string' || !isTakenOff(activation, loss, included, last.path)) {
    return layers;
  }
  const rest = layers.slice(0, -1);
  return last.type === 'activation'
    ? rest
    : [...rest, { ...last, options: { ...last.options, activation: 'linear' } } as Layer];
}

/** Whether the loss includes the activation. */
export function isTakenOff(activation: string, loss: string, included: string | undefined, path: string): boolean {
  if (included === undefined || (activation !== 'softmax' && activation !== 'sigmoid')) {
    return false;
  }
  if (activation !== included) {
    throw new PolyakError(
      'usage',
      `${path}: a final ${activation} does not go with loss '${loss}', but ${included} does`,
    );
  }
  return true;
}
