/** How numbers of an inspection are written. */

/** Four digits at most: `0.2134`, `2.91e-11`. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(2).replace('e+', 'e');
  return String(Number(value.toPrecision(4)));
}

/** `93 %` */
export function percent(part: number): string {
  return `${(100 * part).toFixed(0)} %`;
}
