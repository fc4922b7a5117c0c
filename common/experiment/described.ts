/** A line for the user about a place in an experiment, and the places themselves. */

export interface Described {
  path: PropertyKey[];
  message: string;
  /** Where it comes from, if not from the file at the path, such as `--param 'rate=x'`. */
  origin?: string;
}

/** `model[3].conv2d.filters` */
export function dotted(path: PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

/** Is `path` the place `ancestor`, or within it? */
export function isUnder(path: PropertyKey[], ancestor: PropertyKey[]): boolean {
  return path.length >= ancestor.length && ancestor.every((part, index) => String(path[index]) === String(part));
}

export function valueAt(root: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<PropertyKey, unknown>)[part]
        : undefined,
    root,
  );
}
