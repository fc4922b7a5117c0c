/** How PyTorch lays a layer's weights out, and what it calls them. Ours are TensorFlow's. */

/** Names of a module's tensors by ours; what is missing has the same name. */
const names: Readonly<Record<string, string>> = {
  ...{ kernel: 'weight', depthwise_kernel: 'weight', embeddings: 'weight', alpha: 'weight', gamma: 'weight' },
  ...{ beta: 'bias', moving_mean: 'running_mean', moving_variance: 'running_var' },
};

export function torchName(role: string): string {
  return names[role] ?? role;
}

/** The shape that a weight of ours has there. */
export function torchShape(role: string, shape: readonly number[]): number[] {
  if (role === 'depthwise_kernel' && shape.length === 4) {
    const [height = 1, width = 1, channels = 1, multiplier = 1] = shape;
    return [channels * multiplier, 1, height, width];
  }
  if (role === 'alpha') return [shape.at(-1) ?? 1];
  return isKernel(role) ? [...shape.slice(-2).toReversed(), ...shape.slice(0, -2)] : [...shape];
}

/** Values that lie as there, as ours lie: [out, in, …places] becomes [...places, in, out]. */
export function fromTorch(role: string, shape: readonly number[], values: Float32Array): Float32Array {
  if (!isKernel(role)) return values;
  const [inputs, outputs] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const places = values.length / (inputs * outputs);
  const turned = new Float32Array(values.length);
  // A depthwise kernel lies there as [in, multiplier, …places], else as [out, in, …places].
  const isDepthwise = role === 'depthwise_kernel';
  for (let input = 0; input < inputs; input += 1) {
    for (let output = 0; output < outputs; output += 1) {
      const row = isDepthwise ? input * outputs + output : output * inputs + input;
      for (let place = 0; place < places; place += 1) {
        turned[(place * inputs + input) * outputs + output] = values[row * places + place] ?? 0;
      }
    }
  }
  return turned;
}

function isKernel(role: string): boolean {
  return role === 'kernel' || role.endsWith('_kernel');
}
