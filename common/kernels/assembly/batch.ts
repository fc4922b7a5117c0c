// Assembles minibatches: gathers samples by row from a store of bytes or floats, subtracts a mean, scales, flips and
// crops, into float32 of shape [n, height, width, channels]. And sums samples, for the mean itself.
// Pointers are byte offsets. Every value is made by the same operations in the vector loops and in their scalar tails,
// so that the bits do not depend on where a row begins.

// Bytes are read as byte / 255, rounded once.
const byteMax: f32 = 255;

// @ts-ignore: decorator
@inline
function valueAt<T>(samples: usize, index: usize): f32 {
  if (sizeof<T>() == 1) return <f32>load<u8>(samples + index) / byteMax;
  return load<f32>(samples + (index << 2));
}

// @ts-ignore: decorator
@inline
function fourAt<T>(samples: usize, index: usize): v128 {
  if (sizeof<T>() == 1) {
    const words = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(samples + index)));
    return f32x4.div(f32x4.convert_i32x4_u(words), f32x4.splat(byteMax));
  }
  return v128.load(samples + (index << 2));
}

// One value less its mean, times the scale. A mean of 0 means that there is none.
// @ts-ignore: decorator
@inline
function prepared<T>(samples: usize, index: usize, mean: usize, feature: usize, scale: f32): f32 {
  const value = valueAt<T>(samples, index);
  return (mean == 0 ? value : value - load<f32>(mean + (feature << 2))) * scale;
}

// `length` values from feature `feature` of the sample at `base`, in their order.
// @ts-ignore: decorator
@inline
function copyRun<T>(
  out: usize, samples: usize, base: usize, feature: usize, length: usize, mean: usize, scale: f32,
): void {
  const scales = f32x4.splat(scale);
  const vectors = length & ~3;
  let i: usize = 0;
  for (; i < vectors; i += 4) {
    let four = fourAt<T>(samples, base + feature + i);
    if (mean != 0) four = f32x4.sub(four, v128.load(mean + ((feature + i) << 2)));
    v128.store(out + (i << 2), f32x4.mul(four, scales));
  }
  for (; i < length; i++) {
    store<f32>(out + (i << 2), prepared<T>(samples, base + feature + i, mean, feature + i, scale));
  }
}

// `pixels` pixels that end with the one at feature `last`, from right to left.
// @ts-ignore: decorator
@inline
function copyMirrored<T>(
  out: usize, samples: usize, base: usize, last: usize, pixels: i32, channels: i32, mean: usize, scale: f32,
): void {
  let target = out;
  let feature = last;
  for (let x = 0; x < pixels; x++) {
    for (let c = 0; c < channels; c++) {
      store<f32>(target, prepared<T>(samples, base + feature + c, mean, feature + c, scale));
      target += 4;
    }
    feature -= channels;
  }
}

// Target pixel (y, x) is source pixel (y + dy, x' + dx), where x' is x or, mirrored, width - 1 - x. What lies outside
// is 0 after preprocessing: the mean, where one is subtracted.
// @ts-ignore: decorator
@inline
function gather<T>(
  out: usize, samples: usize, rows: usize, n: i32,
  height: i32, width: i32, channels: i32,
  mean: usize, scale: f32, flips: usize, shiftX: usize, shiftY: usize,
): void {
  const rowFloats = <usize>width * channels;
  const features = rowFloats * height;
  let target = out;
  for (let s = 0; s < n; s++) {
    const base = <usize>load<u32>(rows + (<usize>s << 2)) * features;
    const flip = load<u8>(flips + s) != 0;
    const dx = load<i32>(shiftX + (<usize>s << 2));
    const dy = load<i32>(shiftY + (<usize>s << 2));
    if (!flip && dx == 0 && dy == 0) {
      copyRun<T>(target, samples, base, 0, features, mean, scale);
      target += features << 2;
      continue;
    }
    // The source columns [from, to) appear; on the target they begin after `before` pixels of padding.
    const from = max(0, dx);
    const to = max(from, min(width, width + dx));
    const before = flip ? max(0, dx) : max(0, -dx);
    for (let y = 0; y < height; y++) {
      const sourceY = y + dy;
      if (sourceY < 0 || sourceY >= height || to == from) {
        memory.fill(target, 0, rowFloats << 2);
      } else {
        const line = <usize>sourceY * rowFloats;
        const inside = target + ((<usize>before * channels) << 2);
        const end = inside + ((<usize>(to - from) * channels) << 2);
        memory.fill(target, 0, inside - target);
        if (flip) copyMirrored<T>(inside, samples, base, line + <usize>(to - 1) * channels, to - from, channels, mean, scale);
        else copyRun<T>(inside, samples, base, line + <usize>from * channels, <usize>(to - from) * channels, mean, scale);
        memory.fill(end, 0, target + (rowFloats << 2) - end);
      }
      target += rowFloats << 2;
    }
  }
}

export function gatherBytes(
  out: usize, samples: usize, rows: usize, n: i32, height: i32, width: i32, channels: i32,
  mean: usize, scale: f32, flips: usize, shiftX: usize, shiftY: usize,
): void {
  gather<u8>(out, samples, rows, n, height, width, channels, mean, scale, flips, shiftX, shiftY);
}

export function gatherFloats(
  out: usize, samples: usize, rows: usize, n: i32, height: i32, width: i32, channels: i32,
  mean: usize, scale: f32, flips: usize, shiftX: usize, shiftY: usize,
): void {
  gather<f32>(out, samples, rows, n, height, width, channels, mean, scale, flips, shiftX, shiftY);
}

// @ts-ignore: decorator
@inline
function sampleAt<T>(samples: usize, rows: usize, s: i32, features: i32): usize {
  return samples + <usize>load<u32>(rows + (<usize>s << 2)) * features * sizeof<T>();
}

// The sum of bytes is exact in 32 bits for up to 16 million rows; divided by 255 and rounded once.
export function sumBytes(out: usize, samples: usize, rows: usize, n: i32, features: i32): void {
  const vectors = features & ~7;
  let f = 0;
  for (; f < vectors; f += 8) {
    let low = i32x4.splat(0);
    let high = i32x4.splat(0);
    for (let s = 0; s < n; s++) {
      const words = v128.load8x8_u(sampleAt<u8>(samples, rows, s, features) + f);
      low = i32x4.add(low, i32x4.extend_low_i16x8_u(words));
      high = i32x4.add(high, i32x4.extend_high_i16x8_u(words));
    }
    v128.store(out + (<usize>f << 2), low);
    v128.store(out + (<usize>f << 2) + 16, high);
  }
  for (; f < features; f++) {
    let total: u32 = 0;
    for (let s = 0; s < n; s++) total += load<u8>(sampleAt<u8>(samples, rows, s, features) + f);
    store<u32>(out + (<usize>f << 2), total);
  }
  for (f = 0; f < features; f++) {
    const at = out + (<usize>f << 2);
    store<f32>(at, <f32>(<f64>load<u32>(at) / 255));
  }
}

// Each feature is summed in float64 in the order of the rows and rounded once.
export function sumFloats(out: usize, samples: usize, rows: usize, n: i32, features: i32): void {
  const vectors = features & ~3;
  let f = 0;
  for (; f < vectors; f += 4) {
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (let s = 0; s < n; s++) {
      const four = v128.load(sampleAt<f32>(samples, rows, s, features) + (<usize>f << 2));
      low = f64x2.add(low, f64x2.promote_low_f32x4(four));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 0)));
    }
    const lows = f32x4.demote_f64x2_zero(low);
    const highs = f32x4.demote_f64x2_zero(high);
    v128.store(out + (<usize>f << 2), v128.shuffle<i64>(lows, highs, 0, 2));
  }
  for (; f < features; f++) {
    let total: f64 = 0;
    for (let s = 0; s < n; s++) total += <f64>load<f32>(sampleAt<f32>(samples, rows, s, features) + (<usize>f << 2));
    store<f32>(out + (<usize>f << 2), <f32>total);
  }
}
