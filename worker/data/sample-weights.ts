/**
 * What each training sample counts in the loss: its own weight times that of its class, divided by the mean of that over
 * the training split, so that a step divides by its samples whatever the weights are.
 */
import { PolyakError } from '../../common/errors.js';
import type { Experiment } from '../../common/experiment/schema.js';

export interface WeightedSamples {
  /** Names by class index; null for regression. */
  classes: string[] | null;
  /** By row. */
  labels: Int32Array | Float32Array;
  /** By row, in any unit; null where all count the same. */
  weights: Float32Array | null;
  /** Those that are trained on. */
  trainRows: Uint32Array;
}

/** By row, mean 1 over the training split; null where all count the same. Errors: `usage`, `data`. */
export function sampleWeights({ train }: Experiment, samples: WeightedSamples): Float32Array | null {
  const ofClass = classWeights(train.classWeights, samples);
  const { weights, labels, trainRows } = samples;
  if (!weights && !ofClass) return null;
  const weightOf = (row: number) => (weights ? (weights[row] ?? 0) : 1) * (ofClass?.[labels[row] ?? 0] ?? 1);
  const sum = trainRows.reduce((total, row) => total + weightOf(row), 0);
  if (!(sum > 0)) throw new PolyakError('data', 'the weights of all training samples are 0, nothing would be learned');
  const mean = sum / trainRows.length;
  const normalised = new Float32Array(weights?.length ?? labels.length);
  for (const row of trainRows) normalised[row] = weightOf(row) / mean;
  return normalised;
}

type ClassWeights = Experiment['train']['classWeights'];

/** By class index. `balanced` is n / (classes * n of the class), as in scikit-learn, over the training split. */
function classWeights(wanted: ClassWeights, { classes, labels, trainRows }: WeightedSamples): number[] | null {
  if (wanted === undefined) return null;
  if (!classes) throw new PolyakError('usage', 'train.classWeights: is for classes, the data have numbers to predict');
  if (wanted !== 'balanced') return givenWeights(wanted, classes);
  const counts = classes.map(() => 0);
  for (const row of trainRows) counts[labels[row] ?? 0]! += 1;
  const absent = counts.indexOf(0);
  if (absent >= 0) {
    const why = `class '${classes[absent] ?? ''}' has no sample in the training split`;
    throw new PolyakError('data', `train.classWeights: ${why}, so that balanced has no weight for it`);
  }
  return counts.map((count) => trainRows.length / (classes.length * count));
}

/** By name, else by index. */
function givenWeights(wanted: Record<string, number>, classes: string[]): number[] {
  const weights = classes.map(() => 1);
  const set = new Map<number, string>();
  for (const [name, weight] of Object.entries(wanted)) {
    const named = classes.indexOf(name);
    const index = named >= 0 ? named : /^\d+$/.test(name) && Number(name) < classes.length ? Number(name) : -1;
    if (index < 0) {
      const there = classes.length > 20 ? `${classes.slice(0, 20).join(', ')}, …` : classes.join(', ');
      throw new PolyakError('usage', `train.classWeights: '${name}' is no class of the data; they are ${there}`);
    }
    const twice = set.get(index);
    if (twice !== undefined)
      throw new PolyakError('usage', `train.classWeights: '${twice}' and '${name}' are one class`);
    set.set(index, name);
    weights[index] = weight;
  }
  return weights;
}
