/**
 * Elementary functions made only of operations that IEEE 754 rounds exactly. Math.log, Math.cos and Math.pow may differ
 * by a bit between versions of V8; what decides a weight must not.
 */

const bits = new Float64Array(1);
const words = new Uint32Array(bits.buffer);

/**
 * The natural logarithm of a positive normal number to about 1 ulp: with x = 2^e m and m in [sqrt(1/2), sqrt(2)),
 * log x = e log 2 + 2 (s + s^3/3 + s^5/5 + ...), s = (m - 1) / (m + 1).
 */
export function exactLog(x: number): number {
  bits[0] = x;
  let exponent = ((words[1]! >>> 20) & 0x7ff) - 1023;
  words[1] = (words[1]! & 0xfffff) | 0x3ff00000;
  let mantissa = bits[0];
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let series = 0;
  for (let k = 23; k >= 3; k -= 2) {
    series = (series + 1 / k) * square;
  }
  return exponent * Math.LN2 + 2 * (s + s * series);
}

/** cos(pi t) for t in [0, 1]: its Taylor series, which ends below 1e-18 on [0, pi/2]. */
export function cosineOfPi(t: number): number {
  if (t > 0.5) {
    return -cosineOfPi(1 - t);
  }
  const square = Math.PI * t * (Math.PI * t);
  let value = 1;
  for (let k = 24; k >= 2; k -= 2) {
    value = 1 - (value * square) / (k * (k - 1));
  }
  return value;
}

/** base^exponent for an integer exponent from 0, by squaring. */
export function integerPower(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) {
      result *= square;
    }
    square *= square;
  }
  return result;
}
