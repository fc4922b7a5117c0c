// Philox4x32-10 for four counters at once, and the vectors of random floats made from it. The words are those of
// CounterRandom in common/random.ts: word i is word i mod 4 of the block at the counter (i / 4, a, b, c).

/** The words of four blocks, word j of block l at byte 16 j + 4 l; no kernel runs twice at once on one instance. */
let words0: v128 = i32x4.splat(0);
let words1: v128 = i32x4.splat(0);
let words2: v128 = i32x4.splat(0);
let words3: v128 = i32x4.splat(0);

/** The low halves of two pairs of 64-bit products. */
function lowHalves(first: v128, second: v128): v128 {
  return v128.shuffle<i32>(first, second, 0, 2, 4, 6);
}

function highHalves(first: v128, second: v128): v128 {
  return v128.shuffle<i32>(first, second, 1, 3, 5, 7);
}

/** Blocks `block` to `block` + 3 into words0 to words3. */
function philox(block: u32, a: u32, b: u32, c: u32, keyLow: u32, keyHigh: u32): void {
  const multiplier0 = i32x4.splat(0xd2511f53);
  const multiplier1 = i32x4.splat(0xcd9e8d57);
  let x0 = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
  let x1 = i32x4.splat(a);
  let x2 = i32x4.splat(b);
  let x3 = i32x4.splat(c);
  for (let round = 0; round < 10; round++) {
    const low0 = i64x2.extmul_low_i32x4_u(x0, multiplier0);
    const high0 = i64x2.extmul_high_i32x4_u(x0, multiplier0);
    const low1 = i64x2.extmul_low_i32x4_u(x2, multiplier1);
    const high1 = i64x2.extmul_high_i32x4_u(x2, multiplier1);
    x0 = v128.xor(v128.xor(highHalves(low1, high1), x1), i32x4.splat(keyLow));
    x1 = lowHalves(low1, high1);
    x2 = v128.xor(v128.xor(highHalves(low0, high0), x3), i32x4.splat(keyHigh));
    x3 = lowHalves(low0, high0);
    keyLow += 0x9e3779b9;
    keyHigh += 0xbb67ae85;
  }
  // Transposed, so that each vector holds one block in the order of the stream.
  const pairs0 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
  const pairs1 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
  const pairs2 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
  const pairs3 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
  words0 = v128.shuffle<i64>(pairs0, pairs1, 0, 2);
  words1 = v128.shuffle<i64>(pairs0, pairs1, 1, 3);
  words2 = v128.shuffle<i64>(pairs2, pairs3, 0, 2);
  words3 = v128.shuffle<i64>(pairs2, pairs3, 1, 3);
}

/** Stores the first `count` floats of a vector, 0 to 4 of them and more count as 4. */
function storeSome(out: usize, floats: v128, count: i32): void {
  if (count >= 4) {
    v128.store(out, floats);
    return;
  }
  if (count > 0) store<f32>(out, f32x4.extract_lane(floats, 0));
  if (count > 1) store<f32>(out + 4, f32x4.extract_lane(floats, 1));
  if (count > 2) store<f32>(out + 8, f32x4.extract_lane(floats, 2));
}

/** Each float is 0 where its word is below the threshold, else `kept`. */
export function dropoutMask(
  out: usize,
  n: u32,
  keyLow: u32,
  keyHigh: u32,
  a: u32,
  b: u32,
  c: u32,
  threshold: u32,
  kept: f32,
): void {
  const thresholds = i32x4.splat(threshold);
  const value = f32x4.splat(kept);
  for (let i: u32 = 0; i < n; i += 16) {
    philox(i >> 2, a, b, c, keyLow, keyHigh);
    const p = out + ((<usize>i) << 2);
    const left = <i32>(n - i);
    storeSome(p, v128.and(value, i32x4.ge_u(words0, thresholds)), left);
    storeSome(p + 16, v128.and(value, i32x4.ge_u(words1, thresholds)), left - 4);
    storeSome(p + 32, v128.and(value, i32x4.ge_u(words2, thresholds)), left - 8);
    storeSome(p + 48, v128.and(value, i32x4.ge_u(words3, thresholds)), left - 12);
  }
}

/** The high 24 bits of a word over 2^24: below 1 and exact in float32. */
function unitFloats(words: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_u(i32x4.shr_u(words, 8)), f32x4.splat(<f32>5.9604644775390625e-8));
}

/** Floats in [0, 1). */
export function uniform(out: usize, n: u32, keyLow: u32, keyHigh: u32, a: u32, b: u32, c: u32): void {
  for (let i: u32 = 0; i < n; i += 16) {
    philox(i >> 2, a, b, c, keyLow, keyHigh);
    const p = out + ((<usize>i) << 2);
    const left = <i32>(n - i);
    storeSome(p, unitFloats(words0), left);
    storeSome(p + 16, unitFloats(words1), left - 4);
    storeSome(p + 32, unitFloats(words2), left - 8);
    storeSome(p + 48, unitFloats(words3), left - 12);
  }
}
