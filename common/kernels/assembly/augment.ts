// Changes minibatches of float32 samples, [n, height, width, channels]: colours, geometry, erasing and mixing. What is
// drawn comes with the call; nothing is drawn here. Pointers are byte offsets, and every value is made by the same
// operations wherever its sample lies, so that its bits depend on the sample and its draws alone.

// The sum of each channel over each sample's pixels, in float64 in their order: [n, channels].
export function channelSums(out: usize, samples: usize, n: i32, pixels: i32, channels: i32): void {
  let at = samples;
  for (let s = 0; s < n; s++) {
    const sums = out + ((<usize>s * channels) << 3);
    memory.fill(sums, 0, <usize>channels << 3);
    for (let p = 0; p < pixels; p++) {
      for (let c = 0; c < channels; c++) {
        const sum = sums + (<usize>c << 3);
        store<f64>(sum, load<f64>(sum) + <f64>load<f32>(at));
        at += 4;
      }
    }
  }
}

// In place: each pixel of three channels becomes matrix * pixel + offset, then less the mean (0 for none), times the
// scale. A sample's twelve floats are the matrix, row by row, and the offset.
export function recolour(
  samples: usize, n: i32, pixels: i32, colours: usize, mean: usize, scale: f32,
): void {
  let at = samples;
  for (let s = 0; s < n; s++) {
    const m = colours + <usize>s * 48;
    let average = mean;
    for (let p = 0; p < pixels; p++) {
      const r = load<f32>(at);
      const g = load<f32>(at, 4);
      const b = load<f32>(at, 8);
      let red = load<f32>(m) * r + load<f32>(m, 4) * g + load<f32>(m, 8) * b + load<f32>(m, 36);
      let green = load<f32>(m, 12) * r + load<f32>(m, 16) * g + load<f32>(m, 20) * b + load<f32>(m, 40);
      let blue = load<f32>(m, 24) * r + load<f32>(m, 28) * g + load<f32>(m, 32) * b + load<f32>(m, 44);
      if (mean != 0) {
        red -= load<f32>(average);
        green -= load<f32>(average, 4);
        blue -= load<f32>(average, 8);
        average += 12;
      }
      store<f32>(at, red * scale);
      store<f32>(at, green * scale, 4);
      store<f32>(at, blue * scale, 8);
      at += 12;
    }
  }
}

// In place, of any number of channels: each value becomes gain * value + offset, then less the mean, times the scale.
// A sample's two floats are gain and offset.
export function regrade(samples: usize, n: i32, features: i32, grades: usize, mean: usize, scale: f32): void {
  let at = samples;
  for (let s = 0; s < n; s++) {
    const gain = load<f32>(grades + (<usize>s << 3));
    const offset = load<f32>(grades + (<usize>s << 3), 4);
    for (let f = 0; f < features; f++) {
      const value = gain * load<f32>(at) + offset;
      store<f32>(at, (mean == 0 ? value : value - load<f32>(mean + (<usize>f << 2))) * scale);
      at += 4;
    }
  }
}

// Target pixel (x, y) is the source at (a x + b y + c, d x + e y + f), of each sample its own six float64, between the
// four pixels around it by their distances. A pixel is a square around its middle: what lies outside of all of them is 0,
// and beyond the outermost middles the outermost pixels go on.
export function warp(
  out: usize, samples: usize, n: i32, height: i32, width: i32, channels: i32, maps: usize,
): void {
  const rowBytes = (<usize>width * channels) << 2;
  const pixelBytes = <usize>channels << 2;
  const right = <f64>(width - 1);
  const bottom = <f64>(height - 1);
  let target = out;
  for (let s = 0; s < n; s++) {
    const base = samples + <usize>s * rowBytes * height;
    const map = maps + <usize>s * 48;
    const a = load<f64>(map);
    const b = load<f64>(map, 8);
    const c = load<f64>(map, 16);
    const d = load<f64>(map, 24);
    const e = load<f64>(map, 32);
    const f = load<f64>(map, 40);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const atX = a * <f64>x + b * <f64>y + c;
        const atY = d * <f64>x + e * <f64>y + f;
        if (!(atX >= -0.5 && atX <= right + 0.5 && atY >= -0.5 && atY <= bottom + 0.5)) {
          memory.fill(target, 0, pixelBytes);
          target += pixelBytes;
          continue;
        }
        const insideX = min(max(atX, 0), right);
        const insideY = min(max(atY, 0), bottom);
        const x0 = <i32>insideX;
        const y0 = <i32>insideY;
        const partX = <f32>(insideX - <f64>x0);
        const partY = <f32>(insideY - <f64>y0);
        const stepX = x0 + 1 < width ? pixelBytes : 0;
        const stepY = y0 + 1 < height ? rowBytes : 0;
        let source = base + <usize>y0 * rowBytes + <usize>x0 * pixelBytes;
        for (let k = 0; k < channels; k++) {
          const above = load<f32>(source);
          const below = load<f32>(source + stepY);
          const upper = above + (load<f32>(source + stepX) - above) * partX;
          const lower = below + (load<f32>(source + stepY + stepX) - below) * partX;
          store<f32>(target, upper + (lower - upper) * partY);
          target += 4;
          source += 4;
        }
      }
    }
  }
}

// In place: the rows [top, bottom) of the columns [left, right) become 0. A sample's four int32 are top, left, bottom
// and right, within the sample.
export function erase(samples: usize, n: i32, height: i32, width: i32, channels: i32, boxes: usize): void {
  const pixelBytes = <usize>channels << 2;
  for (let s = 0; s < n; s++) {
    const box = boxes + (<usize>s << 4);
    const left = load<i32>(box, 4);
    const bytes = <usize>(load<i32>(box, 12) - left) * pixelBytes;
    for (let y = load<i32>(box); y < load<i32>(box, 8); y++) {
      memory.fill(samples + ((<usize>s * height + y) * width + left) * pixelBytes, 0, bytes);
    }
  }
}

// Sample s becomes part * sample + (1 - part) * its partner, of a part and a partner for each.
export function mix(out: usize, samples: usize, n: i32, features: i32, partners: usize, parts: usize): void {
  const vectors = features & ~3;
  for (let s = 0; s < n; s++) {
    const own = samples + ((<usize>s * features) << 2);
    const other = samples + ((<usize>load<u32>(partners + (<usize>s << 2)) * features) << 2);
    const target = out + ((<usize>s * features) << 2);
    const part = load<f32>(parts + (<usize>s << 2));
    const rest: f32 = 1 - part;
    const partFour = f32x4.splat(part);
    const restFour = f32x4.splat(rest);
    let f = 0;
    for (; f < vectors; f += 4) {
      const at = <usize>f << 2;
      const ownFour = f32x4.mul(partFour, v128.load(own + at));
      v128.store(target + at, f32x4.add(ownFour, f32x4.mul(restFour, v128.load(other + at))));
    }
    for (; f < features; f++) {
      const at = <usize>f << 2;
      store<f32>(target + at, part * load<f32>(own + at) + rest * load<f32>(other + at));
    }
  }
}

// @ts-ignore: decorator
@inline
function valueAt<T>(samples: usize, index: usize): f64 {
  if (sizeof<T>() == 1) return <f64>(<f32>load<u8>(samples + index) / 255);
  return <f64>load<f32>(samples + (index << 2));
}

// Over the pixels of n samples of three channels: the mean of r r, r g, r b, g g, g b and b b, times n, each added in
// float64 in the order of the rows and rounded once.
// @ts-ignore: decorator
@inline
function colourProducts<T>(out: usize, samples: usize, rows: usize, n: i32, pixels: i32): void {
  let rr: f64 = 0;
  let rg: f64 = 0;
  let rb: f64 = 0;
  let gg: f64 = 0;
  let gb: f64 = 0;
  let bb: f64 = 0;
  for (let s = 0; s < n; s++) {
    let at = <usize>load<u32>(rows + (<usize>s << 2)) * <usize>pixels * 3;
    for (let p = 0; p < pixels; p++) {
      const r = valueAt<T>(samples, at);
      const g = valueAt<T>(samples, at + 1);
      const b = valueAt<T>(samples, at + 2);
      rr += r * r;
      rg += r * g;
      rb += r * b;
      gg += g * g;
      gb += g * b;
      bb += b * b;
      at += 3;
    }
  }
  store<f32>(out, <f32>(rr / <f64>pixels));
  store<f32>(out, <f32>(rg / <f64>pixels), 4);
  store<f32>(out, <f32>(rb / <f64>pixels), 8);
  store<f32>(out, <f32>(gg / <f64>pixels), 12);
  store<f32>(out, <f32>(gb / <f64>pixels), 16);
  store<f32>(out, <f32>(bb / <f64>pixels), 20);
}

export function colourProductsOfBytes(out: usize, samples: usize, rows: usize, n: i32, pixels: i32): void {
  colourProducts<u8>(out, samples, rows, n, pixels);
}

export function colourProductsOfFloats(out: usize, samples: usize, rows: usize, n: i32, pixels: i32): void {
  colourProducts<f32>(out, samples, rows, n, pixels);
}
