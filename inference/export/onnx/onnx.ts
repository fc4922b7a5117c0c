/** An ONNX model: preprocessing, layers and final activation in one graph, for any number of samples at once. */
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { PolyakError } from '../../../common/errors.js';
import { packageRoot } from '../../../common/package-root.js';
import type { ExportedFile } from '../export-run.js';
import type { InferenceGraph } from '../graph.js';
import type { Quantisation } from '../quantise.js';
import { activate } from './activations.js';
import { dataTypes, GraphBuilder } from './graph-builder.js';
import { convertLayer } from './layers.js';
import { channelsLast, type Value } from './value.js';

/** Version of the format, and of its operators: of 2021, which every runtime knows. */
const irVersion = 8;
const opsetVersion = 17;
/** What a protobuf may have. */
const modelBytesMax = 2 ** 31 - 1;

/** Errors: `usage` for a layer that ONNX has no word for, or a model that is too large. */
export function toOnnx(
  graph: InferenceGraph,
  quantisation: Quantisation | undefined,
  metadata: Record<string, string>,
): ExportedFile[] {
  const builder = new GraphBuilder(quantisation);
  const input = builder.fresh('input');
  const output = builder.fresh(graph.finalActivation ? 'probabilities' : 'output');
  const [first, ...layers] = graph.layers;
  const shape = first?.outputShape ?? [];
  const values = new Map<string, Value>();
  if (first) values.set(first.name, preprocessed(builder, graph, { name: input, shape, layout: 'last' }));
  for (const layer of layers) {
    const inputs = layer.inputs.map((name) => values.get(name)) as [Value, ...Value[]];
    values.set(layer.name, convertLayer(builder, layer, inputs));
  }
  const logits = channelsLast(builder, values.get(graph.output) as Value);
  const result = activate(builder, graph.finalActivation ?? 'linear', logits.name, -1, 'output');
  builder.node('Identity', [result], {}, output);
  const model = {
    irVersion,
    producerName: 'polyak',
    producerVersion: metadata['polyak'],
    opsetImport: [{ domain: '', version: opsetVersion }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: graph.name,
      node: builder.nodes,
      initializer: builder.initializers,
      input: [floatsOf(input, shape)],
      output: [floatsOf(output, [graph.outputs])],
    },
  };
  return [{ name: 'model.onnx', parts: [encode(model, builder.initializers)] }];
}

function preprocessed(builder: GraphBuilder, { preprocess }: InferenceGraph, input: Value): Value {
  const { mean, factors, matrix, scale } = preprocess;
  let { name, shape } = input;
  if (mean) name = builder.node('Sub', [name, builder.floats('preprocess/mean', input.shape, mean)]);
  if (factors) name = builder.node('Mul', [name, builder.floats('preprocess/factors', shape, factors)]);
  if (matrix) {
    const { width, values } = matrix;
    const features = values.length / width;
    if (shape.length > 1) name = builder.node('Flatten', [name], { axis: 1 });
    name = builder.node('MatMul', [name, builder.floats('preprocess/matrix', [features, width], values)]);
    shape = [width];
  }
  if (scale !== 1) name = builder.node('Mul', [name, builder.scalar(scale)]);
  return { ...input, shape, name };
}

/** A value of floats for any number of samples. */
function floatsOf(name: string, shape: number[]) {
  const dim = [{ dimParam: 'batch' }, ...shape.map((dimValue) => ({ dimValue }))];
  return { name, type: { tensorType: { elemType: dataTypes.float32, shape: { dim } } } };
}

/** Errors: `usage` where the weights alone are more than a protobuf may have. */
function encode(model: object, weights: readonly { rawData: Uint8Array }[]): Uint8Array {
  const bytes = weights.reduce((sum, { rawData }) => sum + rawData.length, 0);
  if (bytes > modelBytesMax) {
    throw new PolyakError(
      'usage',
      `--format onnx: the weights take ${bytes} bytes, a file has at most ${modelBytesMax}`,
    );
  }
  const root = protobuf.loadSync(join(packageRoot(), 'proto/onnx/onnx.proto'));
  return root.lookupType('onnx.ModelProto').encode(model).finish();
}
