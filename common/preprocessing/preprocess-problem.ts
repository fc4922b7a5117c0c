/** What the data say against the entries of `preprocess`, in words; whether entries go together is checked with the file. */
import type { Experiment } from '../experiment/schema.js';
import { preprocessPlan, widthOf } from './preprocess-plan.js';

/** A covariance of so many has 8 million numbers, which every node of the reduction tree holds. */
const rotatedFeaturesMax = 4096;
/** The matrix is in every checkpoint. */
const matrixFloatsMax = 2 ** 20;

/** Undefined where all is well. */
export function preprocessProblem(
  entries: Experiment['preprocess'],
  shape: readonly number[],
  samples: number,
): string | undefined {
  const { rotates, pca, whiten } = preprocessPlan(entries);
  if (!rotates) return undefined;
  const features = shape.reduce((product, size) => product * size, 1);
  const { components } = pca ?? {};
  const name = whiten && !pca ? 'whiten' : 'pca';
  if (features > rotatedFeaturesMax) {
    return `preprocess: ${name}: samples have ${features} features, it is for at most ${rotatedFeaturesMax}, because the covariance has a number for every two`;
  }
  if (components !== undefined && components > features) {
    return `preprocess: pca.components: is ${components}, samples have only ${features} features`;
  }
  const width = widthOf(entries, features);
  if (width * features > matrixFloatsMax) {
    const most = Math.floor(matrixFloatsMax / features);
    return `preprocess: ${name}: a matrix of ${width} x ${features} is too large to be kept with the weights; give it pca: { components: ${most} } or fewer`;
  }
  if (whiten && pca?.variance === undefined && samples <= width) {
    const directions = Math.max(1, samples - 1);
    const what =
      components === undefined ? `whiten: there are ${features} features` : `pca.components: is ${components}`;
    return `preprocess: ${what}, but only ${samples} training samples: around their mean they vary in at most ${directions} directions, and whitening would divide the others by nothing; give it pca: { components: ${directions} } or fewer, or more samples`;
  }
  return undefined;
}

/** What may be meant otherwise; undefined where nothing is. */
export function preprocessWarning(entries: Experiment['preprocess'], shape: readonly number[]): string | undefined {
  const { rotates, pca, whiten } = preprocessPlan(entries);
  if (!rotates || shape.length < 2) return undefined;
  const what = pca && whiten ? 'pca and whiten' : pca ? 'pca' : 'whiten';
  return `preprocess: ${what} of samples of shape [${shape.join(', ')}] is unusual: what comes out is a vector without places, which no convolution can use; subtractMean: channel or standardise: channel is what images usually get`;
}
