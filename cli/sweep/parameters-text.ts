/** A trial's parameters in one line: `rate 3.2e-4, width 64`. */

export function parametersText(parameters: Readonly<Record<string, unknown>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${valueText(value)}`)
    .join(', ');
}

/** Four digits are enough to tell values apart; `--json` has them all. */
export function valueText(value: unknown): string {
  if (typeof value === 'number') {
    if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
    return String(Number(value.toPrecision(4)));
  }
  if (typeof value !== 'object' || value === null) return String(value);
  // A choice of sub-trees, as it was drawn.
  const entries = Object.entries(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  return entries.map(([name, member]) => `${name} ${valueText(member)}`).join(' ');
}
