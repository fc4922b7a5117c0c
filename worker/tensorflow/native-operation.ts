/** Runs one operation of TensorFlow by its name, past tfjs's kernels. Only for the native backend. */
import type { DataType, Tensor } from '@tensorflow/tfjs';
import type { TF } from './load.js';

type AttributeKind = 'int' | 'float' | 'bool' | 'string' | 'type';
/** As the operation's definition has it: `int` also for lists of integers. */
export type Attributes = Record<string, [AttributeKind, number | number[] | boolean | string]>;

interface NativeBackend {
  binding: Record<string, number> & {
    createTensor(shape: number[], type: number, values: Int32Array): number;
    deleteTensor(id: number): void;
    executeOp(name: string, attributes: unknown[], inputs: number[], outputs: number): unknown[];
  };
  getInputTensorIds(inputs: Tensor[]): number[];
  createOutputTensor(metadata: unknown): Tensor;
}

/**
 * The first outputs of the operation, as many as are asked for; they belong to the present tidy. `length` goes before
 * the inputs, as a scalar of 64 bits, of which tfjs knows nothing.
 */
export function runNative(
  tf: TF,
  name: string,
  attributes: Attributes,
  inputs: Tensor[],
  outputs: number,
  length?: number,
): Tensor[] {
  const backend = tf.backend() as unknown as NativeBackend;
  const { binding } = backend;
  const types: Record<string, number | undefined> = { float32: binding.TF_FLOAT, int32: binding.TF_INT32 };
  const list = Object.entries(attributes).map(([key, [kind, value]]) => ({
    name: key,
    type: binding[`TF_ATTR_${kind.toUpperCase()}`],
    value: kind === 'type' ? types[value as DataType] : value,
  }));
  const ids = backend.getInputTensorIds(inputs);
  const first = length === undefined ? [] : [binding.createTensor([], binding.TF_INT64!, Int32Array.of(length, 0))];
  try {
    return binding.executeOp(name, list, [...first, ...ids], outputs).map((each) => backend.createOutputTensor(each));
  } finally {
    for (const id of first) binding.deleteTensor(id);
  }
}

/** The only output of an operation on floats whose one attribute is their type. */
export function runNativeFloat(tf: TF, name: string, inputs: Tensor[], attributes: Attributes = {}): Tensor {
  return runNative(tf, name, { T: ['type', 'float32'], ...attributes }, inputs, 1)[0]!;
}

/** Whether the operations of the present tidy are recorded for a gradient. */
export function recordsGradient(tf: TF): boolean {
  return (tf.engine() as unknown as { state: { gradientDepth: number } }).state.gradientDepth > 0;
}

export function isNative(tf: TF): boolean {
  return tf.getBackend() === 'tensorflow';
}

/** Tensors then live in the GPU's memory: what shares memory with us on a CPU is a copy there. */
export function usesGpu(tf: TF): boolean {
  return isNative(tf) && (tf.backend() as unknown as { isUsingGpuDevice: boolean }).isUsingGpuDevice;
}
