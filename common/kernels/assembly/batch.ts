// Assembles minibatches: gathers samples by row from a store of bytes or floats, subtracts a mean, scales, flips and
// crops, into float32 of shape [n, height, width, channels]. And sums samples, for the mean itself.

// Bytes are read as byte / 255.
const byteScale: f32 = 1.0 / 255.0;

// @ts-ignore: decorator
@inline
function valueAt<T>(store: usize, index: usize): f32 {
  if (sizeof<T>() == 1) return <f32>load<u8>(store + index) * byteScale;
  return load<f32>(store + (index << 2));
}

// @ts-ignore: decorator
@inline
function gather<T>(
  out: usize, store: usize, rows: usize, n: i32,
  height: i32, width: i32, channels: i32,
  mean: usize, scale: f32, flips: usize, shiftX: usize, shiftY: usize,
): void {
  const features: usize = <usize>height * width * channels;
  let target = out;
  for (let s = 0; s < n; s++) {
    const base = <usize>load<u32>(rows + (<usize>s << 2)) * features;
    const flip = load<u8>(flips + s) != 0;
    const dx = load<i32>(shiftX + (<usize>s << 2));
    const dy = load<i32>(shiftY + (<usize>s << 2));
    for (let y = 0; y < height; y++) {
      const sourceY = y + dy;
      const insideY = sourceY >= 0 && sourceY < height;
      for (let x = 0; x < width; x++) {
        const sourceX = (flip ? width - 1 - x : x) + dx;
        if (!insideY || sourceX < 0 || sourceX >= width) {
          for (let c = 0; c < channels; c++) {
            store_f32(target, 0);
            target += 4;
          }
          continue;
        }
        const feature = (<usize>sourceY * width + sourceX) * channels;
        for (let c = 0; c < channels; c++) {
          let value = valueAt<T>(store, base + feature + c);
          if (mean != 0) value -= load<f32>(mean + ((feature + c) << 2));
          store_f32(target, value * scale);
          target += 4;
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function store_f32(target: usize, value: f32): void {
  store<f32>(target, value);
}

export function gatherBytes(
  out: usize, store: usize, rows: usize, n: i32, height: i32, width: i32, channels: i32,
  mean: usize, scale: f32, flips: usize, shiftX: usize, shiftY: usize,
): void {
  gather<u8>(out, store, rows, n, height, width, channels, mean, scale, flips, shiftX, shiftY);
}

export function gatherFloats(
  out: usize, store: usize, rows: usize, n: i32, height: i32, width: i32, channels: i32,
  mean: usize, scale: f32, flips: usize, shiftX: usize, shiftY: usize,
): void {
  gather<f32>(out, store, rows, n, height, width, channels, mean, scale, flips, shiftX, shiftY);
}

// @ts-ignore: decorator
@inline
function sum<T>(out: usize, store: usize, rows: usize, n: i32, features: i32): void {
  for (let f = 0; f < features; f++) {
    let total: f64 = 0;
    for (let s = 0; s < n; s++) {
      const base = <usize>load<u32>(rows + (<usize>s << 2)) * features;
      total += <f64>valueAt<T>(store, base + f);
    }
    store_f32(out + (<usize>f << 2), <f32>total);
  }
}

export function sumBytes(out: usize, store: usize, rows: usize, n: i32, features: i32): void {
  sum<u8>(out, store, rows, n, features);
}

export function sumFloats(out: usize, store: usize, rows: usize, n: i32, features: i32): void {
  sum<f32>(out, store, rows, n, features);
}
