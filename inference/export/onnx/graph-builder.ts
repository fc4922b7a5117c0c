/** Collects the nodes and tensors of an ONNX graph. It knows names and types, and no layer. */
import { bytesOf, store, type Quantisation, type Tensor } from '../quantise.js';

/** `onnx.TensorProto.DataType` */
export const dataTypes = { float32: 1, uint8: 2, int64: 7, float16: 10 } as const;
/** `onnx.AttributeProto.AttributeType` */
const attributeTypes = { float: 1, int: 2, ints: 7 } as const;

/** A whole number, a list of them, or `{ float }`. */
export type Attributes = Record<string, number | number[] | { float: number }>;

interface TensorProto {
  name: string;
  dims: number[];
  dataType: number;
  rawData: Uint8Array;
}

export class GraphBuilder {
  readonly nodes: object[] = [];
  readonly initializers: TensorProto[] = [];
  private readonly names = new Set<string>();

  constructor(private readonly quantisation: Quantisation | undefined) {}

  /** A name that nothing else has. */
  fresh(wanted: string): string {
    let name = wanted;
    for (let number = 1; this.names.has(name); number++) name = `${wanted}_${number}`;
    this.names.add(name);
    return name;
  }

  /** Answers with the name of the output. */
  node(
    opType: string,
    inputs: string[],
    attributes: Attributes = {},
    output = this.fresh(opType.toLowerCase()),
  ): string {
    return this.nodeWith(opType, inputs, attributes, [output]);
  }

  /** As `node`; outputs that nobody takes are called ''. Answers with the name of the last. */
  nodeWith(opType: string, inputs: string[], attributes: Attributes, outputs: string[]): string {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
    const last = outputs.at(-1) ?? '';
    this.nodes.push({ opType, name: last, input: inputs, output: outputs, attribute });
    return last;
  }

  /** A weight, stored as asked for, and as float32 where a node takes it. */
  weight({ name: wanted, shape, values }: Tensor): string {
    const name = this.fresh(wanted);
    const stored = store({ name, shape, values }, this.quantisation);
    this.initializers.push({ name, dims: shape, dataType: dataTypes[stored.type], rawData: stored.bytes });
    switch (stored.type) {
      case 'float32':
        return name;
      case 'float16':
        return this.node('Cast', [name], { to: dataTypes.float32 });
      case 'uint8': {
        const scale = this.floats(`${name}/scale`, [], Float32Array.of(stored.scale));
        const zeroPoint = this.fresh(`${name}/zeroPoint`);
        const rawData = Uint8Array.of(stored.zeroPoint);
        this.initializers.push({ name: zeroPoint, dims: [], dataType: dataTypes.uint8, rawData });
        return this.node('DequantizeLinear', [name, scale, zeroPoint]);
      }
    }
  }

  /** Constants that are never quantised. */
  floats(wanted: string, shape: number[], values: Float32Array): string {
    const name = this.fresh(wanted);
    this.initializers.push({ name, dims: shape, dataType: dataTypes.float32, rawData: bytesOf(values) });
    return name;
  }

  scalar(value: number): string {
    return this.floats('constant', [], Float32Array.of(value));
  }

  integers(values: number[]): string {
    const name = this.fresh('constant');
    const rawData = bytesOf(BigInt64Array.from(values, BigInt));
    this.initializers.push({ name, dims: [values.length], dataType: dataTypes.int64, rawData });
    return name;
  }
}

function attributeOf(name: string, value: Attributes[string]) {
  if (Array.isArray(value)) return { name, ints: value, type: attributeTypes.ints };
  if (typeof value === 'number') return { name, i: value, type: attributeTypes.int };
  return { name, f: value.float, type: attributeTypes.float };
}
