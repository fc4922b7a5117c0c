/**
 * The manifest: how a model's weights lie in two float32 vectors. `parameters` are trained by the optimizer;
 * `statistics` are the running statistics of batch normalisation, updated once a step from the leaves' means.
 */

/** How a tensor gets its first values; drawn from the counter-based generator in plain JavaScript. */
export interface InitializerSpec {
  /** One of the names in `common/initializers.ts`. */
  name: string;
  /** For the scaling family: inputs and outputs of one unit, as Keras counts them. */
  fanIn?: number;
  fanOut?: number;
  /** constant */
  value?: number;
  /** randomNormal, truncatedNormal */
  mean?: number;
  standardDeviation?: number;
  /** randomUniform */
  minimum?: number;
  maximum?: number;
  /** orthogonal, and lsuv, whose gain the workers find on the first micro-batch; 1 before. */
  gain?: number;
  /** The second quarter of the tensor is ones instead: the bias of an LSTM's forget gate. */
  unitForget?: boolean;
}

export interface TensorSpec {
  /** The weight's name in the model, such as `dense_1/kernel`. */
  name: string;
  shape: number[];
  /** First float of the tensor in its vector. */
  offset: number;
  /** Number of floats. */
  length: number;
  initializer: InitializerSpec;
  /** Multiplies the learning rate. */
  rateMultiplier: number;
  /** Lambda of half lambda times the sum of squares, 0 for what is not a kernel. */
  l2: number;
  /** Lambda of lambda times the sum of absolute values, likewise. */
  l1?: number;
  /** The most that the norm of the weights into one unit, its last axis, may be after an update. */
  maxNorm?: number;
  /** It is a kernel: what an optimizer's weight decay applies to. */
  decays?: boolean;
  frozen: boolean;
}

/** A layer with which the loss is another function of the weights in each step. */
export interface VaryingLayer {
  name: string;
  /** Its class, such as `Dropout`. */
  type: string;
  /** What it draws, or which samples its micro-batch has. */
  by: 'draws' | 'microBatch';
}

export interface Manifest {
  parameters: TensorSpec[];
  /** Floats of the parameter vector: the sum of the lengths, with no padding. */
  parameterCount: number;
  statistics: TensorSpec[];
  statisticsCount: number;
  /** running = momentum * running + (1 - momentum) * mean over the step, one per tensor of `statistics`. */
  statisticsMomentum: number[];
  /** Only where the optimizer is a method of full batches, which compares losses of different steps. */
  varying?: VaryingLayer[];
}
