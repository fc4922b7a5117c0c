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

/** 2^53, which makes a number below the normal ones normal. */
const lift = 9_007_199_254_740_992;
/** log 2 in two parts, the first with 32 zeros at its end, so that its product with an exponent is exact (fdlibm). */
const logTwoHigh = 0.69314718036912382;
const logTwoLow = 1.9082149292705877e-10;

/** e^x to about 1 ulp: with k = round(x / log 2) and r = x - k log 2, its Taylor series at r, times 2^k. */
export function exactExp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 710) return Infinity;
  if (x < -746) return 0;
  const k = Math.round(x / Math.LN2);
  const r = x - k * logTwoHigh - k * logTwoLow;
  let series = 1;
  for (let n = 18; n >= 1; n -= 1) series = 1 + (series * r) / n;
  // In two factors, because 2^1024 alone is infinite and 2^-1074 alone has no digits left.
  const half = Math.trunc(k / 2);
  return series * powerOfTwo(half) * powerOfTwo(k - half);
}

/**
 * base^exponent: by squaring for a whole exponent, else e^(exponent log base), which is NaN for a negative base. Whole
 * exponents beyond 2^53 go the second way too.
 */
export function exactPower(base: number, exponent: number): number {
  if (Number.isSafeInteger(exponent)) {
    const power = integerPower(base, Math.abs(exponent));
    return exponent < 0 ? 1 / power : power;
  }
  if (base === 0) return exponent > 0 ? 0 : Infinity;
  if (exponent === 0.5) return Math.sqrt(base);
  return exactExp(exponent * logOf(base));
}

/** The natural logarithm of any number: NaN below 0, as Math.log. */
export function logOf(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return -Infinity;
  if (x === Infinity) return Infinity;
  return x < 2.2250738585072014e-308 ? exactLog(x * lift) - 53 * Math.LN2 : exactLog(x);
}

function powerOfTwo(exponent: number): number {
  return exponent < 0 ? 1 / integerPower(2, -exponent) : integerPower(2, exponent);
}
