/** How the full-batch methods search along a line, where nothing else is said: c1 and c2 as in PyTorch and SciPy. */
import type { LineSearchOptions } from './line-search.js';
import type { MethodOptions } from './full-batch-method.js';

/** Losses are sums of float32 ones. */
const lossNoise = 1e-6;

export function searchSettings({ noise = lossNoise }: MethodOptions): LineSearchOptions {
  return { sufficientDecrease: 1e-4, curvature: 0.9, evaluationsMax: 25, smallestMove: 1e-9, noise };
}
