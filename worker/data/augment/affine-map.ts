/**
 * Maps from a picture's pixels to those of the picture it is made from. Pixels are counted by their middles, from (0, 0)
 * at the top left. They say where a pixel comes from; what is there is found by the kernel `warp`.
 */
import { cosineOfPi } from '../../../common/exact-math.js';

/** [a, b, c, d, e, f]: target pixel (x, y) is the source at (a x + b y + c, d x + e y + f). */
export type AffineMap = readonly [number, number, number, number, number, number];

export interface PictureSize {
  height: number;
  width: number;
}

/** In pixels, of the source; fractions are allowed. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const identityMap: AffineMap = [1, 0, 0, 0, 1, 0];

/** `first` leads from the target to where `then` goes on from. */
export function compose(first: AffineMap, then: AffineMap): AffineMap {
  const [a, b, c, d, e, f] = first;
  const [p, q, r, s, t, u] = then;
  return [p * a + q * d, p * b + q * e, p * c + q * f + r, s * a + t * d, s * b + t * e, s * c + t * f + u];
}

export function mirrorMap({ width }: PictureSize): AffineMap {
  return [-1, 0, width - 1, 0, 1, 0];
}

export function shiftMap(x: number, y: number): AffineMap {
  return [1, 0, x, 0, 1, y];
}

/** The box, resized to the whole: the edges of the box, half a pixel beyond its outermost middles, become those of the picture. */
export function boxMap(box: Box, { height, width }: PictureSize): AffineMap {
  const [across, down] = [box.width / width, box.height / height];
  return [across, 0, box.left + 0.5 * across - 0.5, 0, down, box.top + 0.5 * down - 0.5];
}

/** Turns the picture counter-clockwise around its middle, by -180 to 180 degrees. */
export function rotationMap(degrees: number, { height, width }: PictureSize): AffineMap {
  const turn = Math.abs(degrees) / 180;
  const cosine = cosineOfPi(turn);
  const sine = Math.sign(degrees) * cosineOfPi(Math.abs(turn - 0.5));
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  return [cosine, -sine, x - cosine * x + sine * y, sine, cosine, y - sine * x - cosine * y];
}
