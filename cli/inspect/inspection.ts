/** What `polyak inspect` finds out about a network before its first step; plain data. */
import type { LayerObservation } from '../../worker/model/layer-observer.js';
import type { MomentsFound } from '../../worker/model/moments.js';
import type { WeightGradient } from './weight-gradients.js';

export interface InspectedLayer extends LayerObservation {
  /** Null where nothing is trained. */
  weights: WeightGradient | null;
  /** Its kernel's first weights; null where it has none. */
  kernel: MomentsFound | null;
}

export interface InitialLoss {
  /** Mean over the samples, without L1 and L2. */
  data: number;
  /** What L1 and L2 add. */
  penalty: number;
  /** Of a network that puts out the same for every sample: nothing but 0 for classes, else the mean of the targets. */
  chance: number;
}

export interface Inspection {
  samples: number;
  /** After preprocessing and augmentation. */
  input: MomentsFound;
  layers: InspectedLayer[];
  loss: InitialLoss;
  /** Of each output; null for classes. */
  targetMean: number[] | null;
}

/** Whether the layer makes other numbers of what it is given. */
export function isComputing({ type }: InspectedLayer): boolean {
  return type !== 'Flatten' && type !== 'Reshape';
}
