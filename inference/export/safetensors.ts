/** Weights as one safetensors file, by their names in the model and in their shapes; the graph is not in it. */
import { safetensorsHeader, type TensorEntry } from '../../server/checkpoint/safetensors.js';
import type { ExportedFile } from './export-run.js';
import type { InferenceGraph } from './graph.js';
import { bytesOf, store, type Quantisation } from './quantise.js';

const types = { float32: 'F32', float16: 'F16', uint8: 'U8' } as const;
/** Beside the model's own weights. */
const preprocessName = 'preprocess';

/**
 * A tensor of bytes has an entry `quantisation:<name>` in the metadata, JSON of scale and zeroPoint. The mean that
 * preprocessing subtracts and the factors it multiplies by are tensors of the input's shape, its matrix is [features, width].
 */
export function toSafetensors(
  graph: InferenceGraph,
  quantisation: Quantisation | undefined,
  metadata: Record<string, string>,
): ExportedFile[] {
  const { mean, factors, matrix } = graph.preprocess;
  const inputShape = graph.layers[0]?.outputShape ?? [];
  const weights = graph.layers.flatMap((layer) => layer.weights);
  const tensors = weights.map((weight) => ({ name: weight.name, shape: weight.shape, ...store(weight, quantisation) }));
  const entries: Record<string, TensorEntry> = {};
  const described = { ...metadata };
  const parts: Uint8Array[] = [];
  let offset = 0;
  const put = (name: string, dtype: string, shape: number[], bytes: Uint8Array) => {
    entries[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  };
  // Wide values first, so that every tensor lies at a multiple of its width.
  const byWidth = ['float32', 'float16', 'uint8'] as const;
  if (mean) put(`${preprocessName}/mean`, 'F32', inputShape, bytesOf(mean));
  if (factors) put(`${preprocessName}/factors`, 'F32', inputShape, bytesOf(factors));
  if (matrix) {
    const shape = [matrix.values.length / matrix.width, matrix.width];
    put(`${preprocessName}/matrix`, 'F32', shape, bytesOf(matrix.values));
  }
  for (const width of byWidth) {
    for (const tensor of tensors.filter(({ type }) => type === width)) {
      put(tensor.name, types[width], tensor.shape, tensor.bytes);
      if (tensor.type !== 'uint8') continue;
      const { scale, zeroPoint } = tensor;
      described[`quantisation:${tensor.name}`] = JSON.stringify({ scale, zeroPoint });
    }
  }
  return [{ name: 'model.safetensors', parts: [safetensorsHeader(entries, described), ...parts] }];
}
