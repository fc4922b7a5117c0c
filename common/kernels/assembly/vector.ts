// Arithmetic on float32 vectors in linear memory: sums, clipping, checksums, and the loops of every optimizer.
// Pointers are byte offsets, n counts floats, nothing is allocated. Each element sees the same IEEE operations in the
// same order in the vector loop and in its tail: no fused multiply-add, no relaxed SIMD, denormals are kept. So the
// bits are equal on every machine, and do not depend on how a vector is cut.

/** Bytes of the part of a vector of n floats that is a whole number of four-float words. */
function wordBytes(n: u32): usize {
  return (<usize>(n & ~3)) << 2;
}

function vectorBytes(n: u32): usize {
  return (<usize>n) << 2;
}

/** out = left + right; out may be left or right. */
export function add(out: usize, left: usize, right: usize, n: u32): void {
  const blocks: usize = (<usize>(n & ~15)) << 2;
  const words = wordBytes(n);
  const end = vectorBytes(n);
  let i: usize = 0;
  for (; i < blocks; i += 64) {
    v128.store(out + i, f32x4.add(v128.load(left + i), v128.load(right + i)));
    v128.store(out + i, f32x4.add(v128.load(left + i, 16), v128.load(right + i, 16)), 16);
    v128.store(out + i, f32x4.add(v128.load(left + i, 32), v128.load(right + i, 32)), 32);
    v128.store(out + i, f32x4.add(v128.load(left + i, 48), v128.load(right + i, 48)), 48);
  }
  for (; i < words; i += 16) {
    v128.store(out + i, f32x4.add(v128.load(left + i), v128.load(right + i)));
  }
  for (; i < end; i += 4) {
    store<f32>(out + i, load<f32>(left + i) + load<f32>(right + i));
  }
}

/** The vectors may overlap. */
export function copy(out: usize, source: usize, n: u32): void {
  memory.copy(out, source, vectorBytes(n));
}

export function fill(out: usize, n: u32, value: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const word = f32x4.splat(value);
  let i: usize = 0;
  for (; i < words; i += 16) {
    v128.store(out + i, word);
  }
  for (; i < end; i += 4) {
    store<f32>(out + i, value);
  }
}

/** p = p * factor */
export function scale(p: usize, n: u32, factor: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const word = f32x4.splat(factor);
  let i: usize = 0;
  for (; i < words; i += 16) {
    v128.store(p + i, f32x4.mul(v128.load(p + i), word));
  }
  for (; i < end; i += 4) {
    store<f32>(p + i, load<f32>(p + i) * factor);
  }
}

/** Each element is moved into [-limit, limit]; a NaN stays one. */
export function clip(p: usize, n: u32, limit: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const high = f32x4.splat(limit);
  const low = f32x4.splat(-limit);
  let i: usize = 0;
  for (; i < words; i += 16) {
    v128.store(p + i, f32x4.max(low, f32x4.min(high, v128.load(p + i))));
  }
  for (; i < end; i += 4) {
    store<f32>(p + i, max<f32>(-limit, min<f32>(limit, load<f32>(p + i))));
  }
}

/** y = y + a * x */
export function axpy(y: usize, x: usize, n: u32, a: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const factor = f32x4.splat(a);
  let i: usize = 0;
  for (; i < words; i += 16) {
    v128.store(y + i, f32x4.add(v128.load(y + i), f32x4.mul(factor, v128.load(x + i))));
  }
  for (; i < end; i += 4) {
    store<f32>(y + i, load<f32>(y + i) + a * load<f32>(x + i));
  }
}

function squaresLow(word: v128): v128 {
  const wide = f64x2.promote_low_f32x4(word);
  return f64x2.mul(wide, wide);
}

function squaresHigh(word: v128): v128 {
  const wide = f64x2.promote_low_f32x4(v128.shuffle<i64>(word, word, 1, 1));
  return f64x2.mul(wide, wide);
}

/** The sum of the lanes (0 + 1) + (2 + 3) of two pairs of float64. */
function sumOfLanes(low: v128, high: v128): f64 {
  return (
    f64x2.extract_lane(low, 0) +
    f64x2.extract_lane(low, 1) +
    (f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1))
  );
}

/**
 * The sum of squares in float64. Element i of the whole eights goes to lane i mod 8; the total is
 * ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)), and what is left over is added to it in order.
 */
export function sumSquares(p: usize, n: u32): f64 {
  const blocks: usize = (<usize>(n & ~7)) << 2;
  const end = vectorBytes(n);
  let lanes01 = f64x2.splat(0);
  let lanes23 = f64x2.splat(0);
  let lanes45 = f64x2.splat(0);
  let lanes67 = f64x2.splat(0);
  let i: usize = 0;
  for (; i < blocks; i += 32) {
    const first = v128.load(p + i);
    const second = v128.load(p + i, 16);
    lanes01 = f64x2.add(lanes01, squaresLow(first));
    lanes23 = f64x2.add(lanes23, squaresHigh(first));
    lanes45 = f64x2.add(lanes45, squaresLow(second));
    lanes67 = f64x2.add(lanes67, squaresHigh(second));
  }
  let total = sumOfLanes(lanes01, lanes23) + sumOfLanes(lanes45, lanes67);
  for (; i < end; i += 4) {
    const value = <f64>load<f32>(p + i);
    total += value * value;
  }
  return total;
}

function preparedWord(gradient: usize, weights: usize, reciprocal: v128, l2: v128): v128 {
  return f32x4.add(f32x4.mul(v128.load(gradient), reciprocal), f32x4.mul(l2, v128.load(weights)));
}

/** gradient = gradient * reciprocal + l2 * weights; the sum of squares of the result, in the order of sumSquares. */
export function prepareGradient(gradient: usize, weights: usize, n: u32, reciprocal: f32, l2: f32): f64 {
  const blocks: usize = (<usize>(n & ~7)) << 2;
  const end = vectorBytes(n);
  const reciprocals = f32x4.splat(reciprocal);
  const decay = f32x4.splat(l2);
  let lanes01 = f64x2.splat(0);
  let lanes23 = f64x2.splat(0);
  let lanes45 = f64x2.splat(0);
  let lanes67 = f64x2.splat(0);
  let i: usize = 0;
  for (; i < blocks; i += 32) {
    const first = preparedWord(gradient + i, weights + i, reciprocals, decay);
    const second = preparedWord(gradient + i + 16, weights + i + 16, reciprocals, decay);
    v128.store(gradient + i, first);
    v128.store(gradient + i, second, 16);
    lanes01 = f64x2.add(lanes01, squaresLow(first));
    lanes23 = f64x2.add(lanes23, squaresHigh(first));
    lanes45 = f64x2.add(lanes45, squaresLow(second));
    lanes67 = f64x2.add(lanes67, squaresHigh(second));
  }
  let total = sumOfLanes(lanes01, lanes23) + sumOfLanes(lanes45, lanes67);
  for (; i < end; i += 4) {
    const value = load<f32>(gradient + i) * reciprocal + l2 * load<f32>(weights + i);
    store<f32>(gradient + i, value);
    total += <f64>value * <f64>value;
  }
  return total;
}

/** gradient = gradient + l1 * sign(weights), the sign of 0 being 0. */
export function addSigns(gradient: usize, weights: usize, n: u32, l1: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const zero = f32x4.splat(0);
  const positive = f32x4.splat(l1);
  const negative = f32x4.splat(-l1);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const w = v128.load(weights + i);
    const above = v128.and(f32x4.gt(w, zero), positive);
    const below = v128.and(f32x4.lt(w, zero), negative);
    v128.store(gradient + i, f32x4.add(v128.load(gradient + i), v128.or(above, below)));
  }
  for (; i < end; i += 4) {
    const w = load<f32>(weights + i);
    let signed: f32 = 0;
    if (w > 0) signed = l1;
    if (w < 0) signed = -l1;
    store<f32>(gradient + i, load<f32>(gradient + i) + signed);
  }
}

function absolutesLow(word: v128): v128 {
  return f64x2.abs(f64x2.promote_low_f32x4(word));
}

function absolutesHigh(word: v128): v128 {
  return f64x2.abs(f64x2.promote_low_f32x4(v128.shuffle<i64>(word, word, 1, 1)));
}

/** The sum of absolute values in float64, in the order of sumSquares. */
export function sumAbsolutes(p: usize, n: u32): f64 {
  const blocks: usize = (<usize>(n & ~7)) << 2;
  const end = vectorBytes(n);
  let lanes01 = f64x2.splat(0);
  let lanes23 = f64x2.splat(0);
  let lanes45 = f64x2.splat(0);
  let lanes67 = f64x2.splat(0);
  let i: usize = 0;
  for (; i < blocks; i += 32) {
    const first = v128.load(p + i);
    const second = v128.load(p + i, 16);
    lanes01 = f64x2.add(lanes01, absolutesLow(first));
    lanes23 = f64x2.add(lanes23, absolutesHigh(first));
    lanes45 = f64x2.add(lanes45, absolutesLow(second));
    lanes67 = f64x2.add(lanes67, absolutesHigh(second));
  }
  let total = sumOfLanes(lanes01, lanes23) + sumOfLanes(lanes45, lanes67);
  for (; i < end; i += 4) {
    total += abs<f64>(<f64>load<f32>(p + i));
  }
  return total;
}

const exponentBits: u32 = 0x7f800000;

/** The index of the first element that is infinite or not a number, or -1. */
export function firstNonFinite(p: usize, n: u32): i32 {
  const blocks: usize = (<usize>(n & ~15)) << 2;
  const end = vectorBytes(n);
  const exponent = i32x4.splat(exponentBits);
  let i: usize = 0;
  for (; i < blocks; i += 64) {
    const first = i32x4.eq(v128.and(v128.load(p + i), exponent), exponent);
    const second = i32x4.eq(v128.and(v128.load(p + i, 16), exponent), exponent);
    const third = i32x4.eq(v128.and(v128.load(p + i, 32), exponent), exponent);
    const fourth = i32x4.eq(v128.and(v128.load(p + i, 48), exponent), exponent);
    if (v128.any_true(v128.or(v128.or(first, second), v128.or(third, fourth)))) {
      break;
    }
  }
  for (; i < end; i += 4) {
    if ((load<u32>(p + i) & exponentBits) == exponentBits) {
      return <i32>(i >> 2);
    }
  }
  return -1;
}

// Odd constants, so that multiplication is a bijection (the primes of xxHash32).
const prime1: u32 = 0x9e3779b1;
const prime2: u32 = 0x85ebca77;

function absorb(lanes: v128, word: v128): v128 {
  const sum = i32x4.add(lanes, i32x4.mul(word, i32x4.splat(prime2)));
  return i32x4.mul(v128.or(i32x4.shl(sum, 13), i32x4.shr_u(sum, 19)), i32x4.splat(prime1));
}

function absorbOne(hash: u32, word: u32): u32 {
  return rotl<u32>(hash + word * prime2, 13) * prime1;
}

function absorbLanes(hash: u32, lanes: v128): u32 {
  hash = absorbOne(hash, i32x4.extract_lane(lanes, 0));
  hash = absorbOne(hash, i32x4.extract_lane(lanes, 1));
  hash = absorbOne(hash, i32x4.extract_lane(lanes, 2));
  return absorbOne(hash, i32x4.extract_lane(lanes, 3));
}

/**
 * A 32-bit checksum of the bits of n floats. Word i of the whole sixteens goes to lane i mod 16 by
 * lane = rotate(lane + word * prime2, 13) * prime1 (the round of xxHash32), then the lanes and the words left over go the
 * same way into one hash. Every step is a bijection of the lane and of the word, so a change of a single float always
 * changes the checksum.
 */
export function checksum(p: usize, n: u32): u32 {
  const blocks: usize = (<usize>(n & ~15)) << 2;
  const end = vectorBytes(n);
  let lanes0 = i32x4(1, 2, 3, 4);
  let lanes1 = i32x4(5, 6, 7, 8);
  let lanes2 = i32x4(9, 10, 11, 12);
  let lanes3 = i32x4(13, 14, 15, 16);
  let i: usize = 0;
  for (; i < blocks; i += 64) {
    lanes0 = absorb(lanes0, v128.load(p + i));
    lanes1 = absorb(lanes1, v128.load(p + i, 16));
    lanes2 = absorb(lanes2, v128.load(p + i, 32));
    lanes3 = absorb(lanes3, v128.load(p + i, 48));
  }
  let hash = absorbLanes(absorbLanes(absorbLanes(absorbLanes(n, lanes0), lanes1), lanes2), lanes3);
  for (; i < end; i += 4) {
    hash = absorbOne(hash, load<u32>(p + i));
  }
  hash = (hash ^ (hash >> 15)) * prime2;
  hash = (hash ^ (hash >> 13)) * prime1;
  return hash ^ (hash >> 16);
}

/** weights = weights - rate * gradient */
export function sgd(weights: usize, gradient: usize, n: u32, rate: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const rates = f32x4.splat(rate);
  let i: usize = 0;
  for (; i < words; i += 16) {
    v128.store(weights + i, f32x4.sub(v128.load(weights + i), f32x4.mul(rates, v128.load(gradient + i))));
  }
  for (; i < end; i += 4) {
    store<f32>(weights + i, load<f32>(weights + i) - rate * load<f32>(gradient + i));
  }
}

/** velocity = momentum * velocity + gradient; weights = weights - rate * velocity */
export function momentum(weights: usize, gradient: usize, velocity: usize, n: u32, rate: f32, mu: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const rates = f32x4.splat(rate);
  const mus = f32x4.splat(mu);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const v = f32x4.add(f32x4.mul(mus, v128.load(velocity + i)), v128.load(gradient + i));
    v128.store(velocity + i, v);
    v128.store(weights + i, f32x4.sub(v128.load(weights + i), f32x4.mul(rates, v)));
  }
  for (; i < end; i += 4) {
    const v = mu * load<f32>(velocity + i) + load<f32>(gradient + i);
    store<f32>(velocity + i, v);
    store<f32>(weights + i, load<f32>(weights + i) - rate * v);
  }
}

/** velocity = momentum * velocity + gradient; weights = weights - rate * (gradient + momentum * velocity) */
export function nesterov(weights: usize, gradient: usize, velocity: usize, n: u32, rate: f32, mu: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const rates = f32x4.splat(rate);
  const mus = f32x4.splat(mu);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const g = v128.load(gradient + i);
    const v = f32x4.add(f32x4.mul(mus, v128.load(velocity + i)), g);
    v128.store(velocity + i, v);
    const ahead = f32x4.add(g, f32x4.mul(mus, v));
    v128.store(weights + i, f32x4.sub(v128.load(weights + i), f32x4.mul(rates, ahead)));
  }
  for (; i < end; i += 4) {
    const g = load<f32>(gradient + i);
    const v = mu * load<f32>(velocity + i) + g;
    store<f32>(velocity + i, v);
    store<f32>(weights + i, load<f32>(weights + i) - rate * (g + mu * v));
  }
}

/** velocity = momentum * velocity + rate * gradient; weights = weights - velocity */
export function momentumOfSteps(weights: usize, gradient: usize, velocity: usize, n: u32, rate: f32, mu: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const rates = f32x4.splat(rate);
  const mus = f32x4.splat(mu);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const step = f32x4.mul(rates, v128.load(gradient + i));
    const v = f32x4.add(f32x4.mul(mus, v128.load(velocity + i)), step);
    v128.store(velocity + i, v);
    v128.store(weights + i, f32x4.sub(v128.load(weights + i), v));
  }
  for (; i < end; i += 4) {
    const v = mu * load<f32>(velocity + i) + rate * load<f32>(gradient + i);
    store<f32>(velocity + i, v);
    store<f32>(weights + i, load<f32>(weights + i) - v);
  }
}

/** velocity = momentum * velocity + rate * gradient; weights = weights - (rate * gradient + momentum * velocity) */
export function nesterovOfSteps(weights: usize, gradient: usize, velocity: usize, n: u32, rate: f32, mu: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const rates = f32x4.splat(rate);
  const mus = f32x4.splat(mu);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const step = f32x4.mul(rates, v128.load(gradient + i));
    const v = f32x4.add(f32x4.mul(mus, v128.load(velocity + i)), step);
    v128.store(velocity + i, v);
    v128.store(weights + i, f32x4.sub(v128.load(weights + i), f32x4.add(step, f32x4.mul(mus, v))));
  }
  for (; i < end; i += 4) {
    const step = rate * load<f32>(gradient + i);
    const v = mu * load<f32>(velocity + i) + step;
    store<f32>(velocity + i, v);
    store<f32>(weights + i, load<f32>(weights + i) - (step + mu * v));
  }
}

/** squares = squares + gradient^2; weights = weights - rate * (gradient / (sqrt(squares) + epsilon)) */
export function adagrad(weights: usize, gradient: usize, squares: usize, n: u32, rate: f32, epsilon: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const rates = f32x4.splat(rate);
  const epsilons = f32x4.splat(epsilon);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const g = v128.load(gradient + i);
    const s = f32x4.add(v128.load(squares + i), f32x4.mul(g, g));
    v128.store(squares + i, s);
    const step = f32x4.mul(rates, f32x4.div(g, f32x4.add(f32x4.sqrt(s), epsilons)));
    v128.store(weights + i, f32x4.sub(v128.load(weights + i), step));
  }
  for (; i < end; i += 4) {
    const g = load<f32>(gradient + i);
    const s = load<f32>(squares + i) + g * g;
    store<f32>(squares + i, s);
    store<f32>(weights + i, load<f32>(weights + i) - rate * (g / (sqrt<f32>(s) + epsilon)));
  }
}

/**
 * square = decay * square + complement * gradient^2; weights = weights - rate * (gradient / (sqrt(square) + epsilon)),
 * where complement = 1 - decay.
 */
export function rmsprop(
  weights: usize,
  gradient: usize,
  square: usize,
  n: u32,
  rate: f32,
  decay: f32,
  complement: f32,
  epsilon: f32,
): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const rates = f32x4.splat(rate);
  const decays = f32x4.splat(decay);
  const complements = f32x4.splat(complement);
  const epsilons = f32x4.splat(epsilon);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const g = v128.load(gradient + i);
    const s = f32x4.add(f32x4.mul(decays, v128.load(square + i)), f32x4.mul(complements, f32x4.mul(g, g)));
    v128.store(square + i, s);
    const step = f32x4.mul(rates, f32x4.div(g, f32x4.add(f32x4.sqrt(s), epsilons)));
    v128.store(weights + i, f32x4.sub(v128.load(weights + i), step));
  }
  for (; i < end; i += 4) {
    const g = load<f32>(gradient + i);
    const s = decay * load<f32>(square + i) + complement * (g * g);
    store<f32>(square + i, s);
    store<f32>(weights + i, load<f32>(weights + i) - rate * (g / (sqrt<f32>(s) + epsilon)));
  }
}

/**
 * first = first + complement1 * (gradient - first)
 * second = beta2 * second + complement2 * gradient^2
 * weights = shrink * weights - rate * first / (sqrt(second) * rootScale + epsilon)
 * where complement1 = 1 - beta1, complement2 = 1 - beta2, rate = learning rate / (1 - beta1^t),
 * rootScale = 1 / sqrt(1 - beta2^t), and shrink is 1 without weight decay, which leaves every bit as it is.
 */
export function adam(
  weights: usize,
  gradient: usize,
  first: usize,
  second: usize,
  n: u32,
  rate: f32,
  complement1: f32,
  beta2: f32,
  complement2: f32,
  rootScale: f32,
  epsilon: f32,
  shrink: f32,
): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const rates = f32x4.splat(rate);
  const complements1 = f32x4.splat(complement1);
  const betas2 = f32x4.splat(beta2);
  const complements2 = f32x4.splat(complement2);
  const rootScales = f32x4.splat(rootScale);
  const epsilons = f32x4.splat(epsilon);
  const shrinks = f32x4.splat(shrink);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const g = v128.load(gradient + i);
    const m0 = v128.load(first + i);
    const m = f32x4.add(m0, f32x4.mul(complements1, f32x4.sub(g, m0)));
    v128.store(first + i, m);
    const v = f32x4.add(f32x4.mul(betas2, v128.load(second + i)), f32x4.mul(complements2, f32x4.mul(g, g)));
    v128.store(second + i, v);
    const root = f32x4.add(f32x4.mul(f32x4.sqrt(v), rootScales), epsilons);
    const shrunk = f32x4.mul(shrinks, v128.load(weights + i));
    v128.store(weights + i, f32x4.sub(shrunk, f32x4.mul(rates, f32x4.div(m, root))));
  }
  for (; i < end; i += 4) {
    const g = load<f32>(gradient + i);
    const m0 = load<f32>(first + i);
    const m = m0 + complement1 * (g - m0);
    store<f32>(first + i, m);
    const v = beta2 * load<f32>(second + i) + complement2 * (g * g);
    store<f32>(second + i, v);
    store<f32>(weights + i, shrink * load<f32>(weights + i) - rate * (m / (sqrt<f32>(v) * rootScale + epsilon)));
  }
}

/** As adam without weight decay, but for the root, which is of the largest second so far: largest = max(largest, second). */
export function amsgrad(
  weights: usize,
  gradient: usize,
  first: usize,
  second: usize,
  largest: usize,
  n: u32,
  rate: f32,
  complement1: f32,
  beta2: f32,
  complement2: f32,
  rootScale: f32,
  epsilon: f32,
): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const rates = f32x4.splat(rate);
  const complements1 = f32x4.splat(complement1);
  const betas2 = f32x4.splat(beta2);
  const complements2 = f32x4.splat(complement2);
  const rootScales = f32x4.splat(rootScale);
  const epsilons = f32x4.splat(epsilon);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const g = v128.load(gradient + i);
    const m0 = v128.load(first + i);
    const m = f32x4.add(m0, f32x4.mul(complements1, f32x4.sub(g, m0)));
    v128.store(first + i, m);
    const v = f32x4.add(f32x4.mul(betas2, v128.load(second + i)), f32x4.mul(complements2, f32x4.mul(g, g)));
    v128.store(second + i, v);
    const h = f32x4.max(v128.load(largest + i), v);
    v128.store(largest + i, h);
    const root = f32x4.add(f32x4.mul(f32x4.sqrt(h), rootScales), epsilons);
    v128.store(weights + i, f32x4.sub(v128.load(weights + i), f32x4.mul(rates, f32x4.div(m, root))));
  }
  for (; i < end; i += 4) {
    const g = load<f32>(gradient + i);
    const m0 = load<f32>(first + i);
    const m = m0 + complement1 * (g - m0);
    store<f32>(first + i, m);
    const v = beta2 * load<f32>(second + i) + complement2 * (g * g);
    store<f32>(second + i, v);
    const h = max<f32>(load<f32>(largest + i), v);
    store<f32>(largest + i, h);
    store<f32>(weights + i, load<f32>(weights + i) - rate * (m / (sqrt<f32>(h) * rootScale + epsilon)));
  }
}

/**
 * As adam without weight decay, but for the numerator:
 * weights = weights - (rateOfFirst * first + rateOfGradient * gradient) / (sqrt(second) * rootScale + epsilon)
 */
export function nadam(
  weights: usize,
  gradient: usize,
  first: usize,
  second: usize,
  n: u32,
  rateOfFirst: f32,
  rateOfGradient: f32,
  complement1: f32,
  beta2: f32,
  complement2: f32,
  rootScale: f32,
  epsilon: f32,
): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const ratesOfFirst = f32x4.splat(rateOfFirst);
  const ratesOfGradient = f32x4.splat(rateOfGradient);
  const complements1 = f32x4.splat(complement1);
  const betas2 = f32x4.splat(beta2);
  const complements2 = f32x4.splat(complement2);
  const rootScales = f32x4.splat(rootScale);
  const epsilons = f32x4.splat(epsilon);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const g = v128.load(gradient + i);
    const m0 = v128.load(first + i);
    const m = f32x4.add(m0, f32x4.mul(complements1, f32x4.sub(g, m0)));
    v128.store(first + i, m);
    const v = f32x4.add(f32x4.mul(betas2, v128.load(second + i)), f32x4.mul(complements2, f32x4.mul(g, g)));
    v128.store(second + i, v);
    const root = f32x4.add(f32x4.mul(f32x4.sqrt(v), rootScales), epsilons);
    const ahead = f32x4.add(f32x4.mul(ratesOfFirst, m), f32x4.mul(ratesOfGradient, g));
    v128.store(weights + i, f32x4.sub(v128.load(weights + i), f32x4.div(ahead, root)));
  }
  for (; i < end; i += 4) {
    const g = load<f32>(gradient + i);
    const m0 = load<f32>(first + i);
    const m = m0 + complement1 * (g - m0);
    store<f32>(first + i, m);
    const v = beta2 * load<f32>(second + i) + complement2 * (g * g);
    store<f32>(second + i, v);
    const ahead = rateOfFirst * m + rateOfGradient * g;
    store<f32>(weights + i, load<f32>(weights + i) - ahead / (sqrt<f32>(v) * rootScale + epsilon));
  }
}

/**
 * The sum of squares, in float64 and in the order of sumSquares, of what lamb would move the weights by at a rate of 1;
 * nothing is changed.
 */
export function lambSquares(
  weights: usize,
  gradient: usize,
  first: usize,
  second: usize,
  n: u32,
  firstScale: f32,
  complement1: f32,
  beta2: f32,
  complement2: f32,
  rootScale: f32,
  epsilon: f32,
  decay: f32,
): f64 {
  const blocks: usize = (<usize>(n & ~7)) << 2;
  const end = vectorBytes(n);
  const firstScales = f32x4.splat(firstScale);
  const complements1 = f32x4.splat(complement1);
  const betas2 = f32x4.splat(beta2);
  const complements2 = f32x4.splat(complement2);
  const rootScales = f32x4.splat(rootScale);
  const epsilons = f32x4.splat(epsilon);
  const decays = f32x4.splat(decay);
  let lanes01 = f64x2.splat(0);
  let lanes23 = f64x2.splat(0);
  let lanes45 = f64x2.splat(0);
  let lanes67 = f64x2.splat(0);
  let i: usize = 0;
  for (; i < blocks; i += 32) {
    for (let half: usize = 0; half < 32; half += 16) {
      const g = v128.load(gradient + i + half);
      const m0 = v128.load(first + i + half);
      const m = f32x4.add(m0, f32x4.mul(complements1, f32x4.sub(g, m0)));
      const v = f32x4.add(f32x4.mul(betas2, v128.load(second + i + half)), f32x4.mul(complements2, f32x4.mul(g, g)));
      const root = f32x4.add(f32x4.mul(f32x4.sqrt(v), rootScales), epsilons);
      const adapted = f32x4.div(f32x4.mul(firstScales, m), root);
      const u = f32x4.add(adapted, f32x4.mul(decays, v128.load(weights + i + half)));
      if (half == 0) {
        lanes01 = f64x2.add(lanes01, squaresLow(u));
        lanes23 = f64x2.add(lanes23, squaresHigh(u));
      } else {
        lanes45 = f64x2.add(lanes45, squaresLow(u));
        lanes67 = f64x2.add(lanes67, squaresHigh(u));
      }
    }
  }
  let total = sumOfLanes(lanes01, lanes23) + sumOfLanes(lanes45, lanes67);
  for (; i < end; i += 4) {
    const g = load<f32>(gradient + i);
    const m0 = load<f32>(first + i);
    const m = m0 + complement1 * (g - m0);
    const v = beta2 * load<f32>(second + i) + complement2 * (g * g);
    const u = (firstScale * m) / (sqrt<f32>(v) * rootScale + epsilon) + decay * load<f32>(weights + i);
    total += <f64>u * <f64>u;
  }
  return total;
}

/**
 * first = first + complement1 * (gradient - first)
 * second = beta2 * second + complement2 * gradient^2
 * weights = weights - rate * (firstScale * first / (sqrt(second) * rootScale + epsilon) + decay * weights)
 * where firstScale = 1 / (1 - beta1^t), and the others are adam's.
 */
export function lamb(
  weights: usize,
  gradient: usize,
  first: usize,
  second: usize,
  n: u32,
  rate: f32,
  firstScale: f32,
  complement1: f32,
  beta2: f32,
  complement2: f32,
  rootScale: f32,
  epsilon: f32,
  decay: f32,
): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const rates = f32x4.splat(rate);
  const firstScales = f32x4.splat(firstScale);
  const complements1 = f32x4.splat(complement1);
  const betas2 = f32x4.splat(beta2);
  const complements2 = f32x4.splat(complement2);
  const rootScales = f32x4.splat(rootScale);
  const epsilons = f32x4.splat(epsilon);
  const decays = f32x4.splat(decay);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const g = v128.load(gradient + i);
    const w = v128.load(weights + i);
    const m0 = v128.load(first + i);
    const m = f32x4.add(m0, f32x4.mul(complements1, f32x4.sub(g, m0)));
    v128.store(first + i, m);
    const v = f32x4.add(f32x4.mul(betas2, v128.load(second + i)), f32x4.mul(complements2, f32x4.mul(g, g)));
    v128.store(second + i, v);
    const root = f32x4.add(f32x4.mul(f32x4.sqrt(v), rootScales), epsilons);
    const u = f32x4.add(f32x4.div(f32x4.mul(firstScales, m), root), f32x4.mul(decays, w));
    v128.store(weights + i, f32x4.sub(w, f32x4.mul(rates, u)));
  }
  for (; i < end; i += 4) {
    const g = load<f32>(gradient + i);
    const w = load<f32>(weights + i);
    const m0 = load<f32>(first + i);
    const m = m0 + complement1 * (g - m0);
    store<f32>(first + i, m);
    const v = beta2 * load<f32>(second + i) + complement2 * (g * g);
    store<f32>(second + i, v);
    const u = (firstScale * m) / (sqrt<f32>(v) * rootScale + epsilon) + decay * w;
    store<f32>(weights + i, w - rate * u);
  }
}

/** average = average + complement * (weights - average) */
export function movingAverage(average: usize, weights: usize, n: u32, complement: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const complements = f32x4.splat(complement);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const a = v128.load(average + i);
    v128.store(average + i, f32x4.add(a, f32x4.mul(complements, f32x4.sub(v128.load(weights + i), a))));
  }
  for (; i < end; i += 4) {
    const a = load<f32>(average + i);
    store<f32>(average + i, a + complement * (load<f32>(weights + i) - a));
  }
}

/** running = running + complement * (sum * reciprocal - running) */
export function runningStatistics(running: usize, sum: usize, n: u32, reciprocal: f32, complement: f32): void {
  const words = wordBytes(n);
  const end = vectorBytes(n);
  const reciprocals = f32x4.splat(reciprocal);
  const complements = f32x4.splat(complement);
  let i: usize = 0;
  for (; i < words; i += 16) {
    const r = v128.load(running + i);
    const mean = f32x4.mul(v128.load(sum + i), reciprocals);
    v128.store(running + i, f32x4.add(r, f32x4.mul(complements, f32x4.sub(mean, r))));
  }
  for (; i < end; i += 4) {
    const r = load<f32>(running + i);
    store<f32>(running + i, r + complement * (load<f32>(sum + i) * reciprocal - r));
  }
}
