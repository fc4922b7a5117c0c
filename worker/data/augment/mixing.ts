/**
 * Mixup (Zhang et al. 2018): which samples of a micro-batch are mixed, and in which parts. Partners are of one
 * micro-batch, which the experiment fixes, so that no worker needs the samples of another.
 */
import { exactExp, logOf } from '../../../common/exact-math.js';
import { CounterRandom, Purpose } from '../../../common/random.js';
import type { Draws } from '../batch-assembler.js';
import { seekWords } from './words.js';

/** Of a micro-batch, by the samples' positions. */
export interface Mixing {
  partners: Uint32Array;
  /** What is the sample's own; the rest is its partner's. */
  parts: Float32Array;
}

/** Stands for the micro-batch as a whole, where a sample has its position. */
const wholeBatch = 0xffffffff;

/** Every sample is the partner of exactly one, perhaps of itself: Fisher and Yates's permutation. */
export function drawMixing(alpha: number, { seed, step, microBatch }: Draws, count: number): Mixing {
  const partners = Uint32Array.from({ length: count }, (_, index) => index);
  const random = new CounterRandom(seed, Purpose.augment, step, microBatch, wholeBatch);
  for (let left = count - 1; left > 0; left--) {
    const other = random.integer(left + 1);
    [partners[left], partners[other]] = [partners[other]!, partners[left]!];
  }
  const parts = Float32Array.from(partners, (_, index) =>
    drawBeta(alpha, seekWords(new CounterRandom(seed, Purpose.augment, step, microBatch, index), 'mixup')),
  );
  return { partners, parts };
}

/** Beta(alpha, alpha): G / (G + H) of two numbers from Gamma(alpha), by their logarithms, for those of a small alpha underflow. */
export function drawBeta(alpha: number, random: CounterRandom): number {
  const own = drawLogGamma(alpha, random);
  const other = drawLogGamma(alpha, random);
  return 1 / (1 + exactExp(other - own));
}

/**
 * Marsaglia and Tsang, "A simple method for generating gamma variables" (2000): d v with d = alpha - 1/3 and
 * v = (1 + x / sqrt(9 d))^3, x normal, is taken where log u < x^2 / 2 + d - d v + d log v. Below 1, Gamma(alpha + 1) times
 * u^(1 / alpha).
 */
function drawLogGamma(alpha: number, random: CounterRandom): number {
  if (alpha < 1) return drawLogGamma(alpha + 1, random) + logOf(random.openUniform()) / alpha;
  const d = alpha - 1 / 3;
  for (;;) {
    const x = random.normal();
    const root = 1 + x / Math.sqrt(9 * d);
    const u = random.openUniform();
    if (root <= 0) continue;
    const logV = 3 * logOf(root);
    if (logOf(u) < (x * x) / 2 + d - d * (root * root * root) + d * logV) return logOf(d) + logV;
  }
}

/** Labels of mixed samples: two classes each, and what the first of them counts. */
export interface MixedLabels {
  /** The class that counts more. */
  labels: Int32Array;
  others: Int32Array;
  /** From a half to 1. */
  shares: Float32Array;
  /** What each counts in the loss; absent where all count the same. */
  weights?: Float32Array;
}

/**
 * part w CE(y) + (1 - part) w' CE(y') of samples with weights w and w' is W times the cross-entropy with the label
 * s onehot(y) + (1 - s) onehot(y'), where W = part w + (1 - part) w' and s = part w / W.
 */
export function mixLabels(labels: Int32Array, weights: Float32Array | undefined, mixing: Mixing): MixedLabels {
  const { partners, parts } = mixing;
  const mixed: MixedLabels = { labels: labels.slice(), others: labels.slice(), shares: parts.slice() };
  if (weights) mixed.weights = weights.slice();
  for (const [index, part] of parts.entries()) {
    const partner = partners[index]!;
    const own = part * (weights?.[index] ?? 1);
    const whole = own + (1 - part) * (weights?.[partner] ?? 1);
    if (mixed.weights) mixed.weights[index] = whole;
    const share = whole > 0 ? own / whole : 1;
    const isOwn = share >= 0.5;
    mixed.labels[index] = labels[isOwn ? index : partner]!;
    mixed.others[index] = labels[isOwn ? partner : index]!;
    mixed.shares[index] = isOwn ? share : 1 - share;
  }
  return mixed;
}
