/** The parts of an experiment that a model is made from. */
import type { NamedOption } from '../../common/experiment/named-option.js';
import type { TransferLayers } from '../../common/experiment/transfer-schema.js';

export interface ModelExperiment {
  /** The list of layers, or a model.json as tfjs and Keras's converter write it (the topology only). */
  model: unknown;
  loss: NamedOption;
  metrics?: readonly NamedOption[];
  regularise?: { l1?: number; l2?: number };
  transfer?: TransferLayers | undefined;
  /** By its name. */
  optimizer?: object;
}

/** What the data give and ask for. */
export interface DataShape {
  /** Of one sample, such as [28, 28, 1]. */
  inputShape: number[];
  /** Values that the model puts out for each sample: classes, or 1 for binary and plain regression. */
  outputs: number;
}
