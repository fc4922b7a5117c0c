// What preprocessing does to centred samples beyond subtracting, and what it must know of them: factors, a matrix, second
// moments. Pointers are byte offsets. Every sum is one in float64 in the order of features, or of samples; lanes are sums that
// have nothing to do with each other, so that the bits are those of a plain loop.

// [n, features] in place, each feature times its factor.
export function scaleFeatures(samples: usize, factors: usize, n: i32, features: i32): void {
  const vectors = features & ~3;
  let at = samples;
  for (let s = 0; s < n; s++) {
    let f = 0;
    for (; f < vectors; f += 4) {
      v128.store(at, f32x4.mul(v128.load(at), v128.load(factors + (<usize>f << 2))));
      at += 16;
    }
    for (; f < features; f++) {
      store<f32>(at, load<f32>(at) * load<f32>(factors + (<usize>f << 2)));
      at += 4;
    }
  }
}

// [n, features] times a matrix of [features, width] into [n, width]; `sums` has room for `width` float64.
export function project(
  out: usize, samples: usize, matrix: usize, sums: usize, n: i32, features: i32, width: i32,
): void {
  const vectors = width & ~1;
  let at = samples;
  for (let s = 0; s < n; s++) {
    memory.fill(sums, 0, <usize>width << 3);
    let row = matrix;
    for (let f = 0; f < features; f++) {
      const value = <f64>load<f32>(at);
      const values = f64x2.splat(value);
      let sum = sums;
      let k = 0;
      for (; k < vectors; k += 2) {
        const two = f64x2.promote_low_f32x4(v128.load64_zero(row));
        v128.store(sum, f64x2.add(v128.load(sum), f64x2.mul(values, two)));
        row += 8;
        sum += 16;
      }
      if (k < width) {
        store<f64>(sum, load<f64>(sum) + value * <f64>load<f32>(row));
        row += 4;
      }
      at += 4;
    }
    for (let k = 0; k < width; k++) store<f32>(out + (<usize>k << 2), <f32>load<f64>(sums + (<usize>k << 3)));
    out += <usize>width << 2;
  }
}

// Of deviations [n, features]: the sums of their squares, or with `pairs` of the products of each two, an upper triangle row
// by row. Into float64, which must be 0 before, as their sums must.
export function secondMoments(
  sums: usize, products: usize, deviations: usize, n: i32, features: i32, pairs: bool,
): void {
  for (let s = 0; s < n; s++) {
    const sample = deviations + ((<usize>s * features) << 2);
    let product = products;
    for (let i = 0; i < features; i++) {
      const value = <f64>load<f32>(sample + (<usize>i << 2));
      const sum = sums + (<usize>i << 3);
      store<f64>(sum, load<f64>(sum) + value);
      const end = pairs ? features : i + 1;
      const values = f64x2.splat(value);
      let j = i;
      for (; j + 2 <= end; j += 2) {
        const two = f64x2.promote_low_f32x4(v128.load64_zero(sample + (<usize>j << 2)));
        v128.store(product, f64x2.add(v128.load(product), f64x2.mul(values, two)));
        product += 16;
      }
      if (j < end) {
        store<f64>(product, load<f64>(product) + value * <f64>load<f32>(sample + (<usize>j << 2)));
        product += 8;
      }
    }
  }
}
