/**
 * Replaces gradients that tfjs composes of many small operations by TensorFlow's own. registerGradient is global to one
 * copy of tfjs, so this is for the native backend only.
 */
import type { TF } from '../load.js';
import { installActivationGradients } from './activations.js';
import { installBiasGradient } from './bias.js';

const installed = new WeakSet<TF>();

export function installNativeGradients(tf: TF): void {
  if (installed.has(tf)) return;
  installed.add(tf);
  installActivationGradients(tf);
  installBiasGradient(tf);
}
