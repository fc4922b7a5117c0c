/** A name alone, or a name with options: `huber`, or `{ huber: { delta: 2 } }`. */
export type NamedOption<Name extends string = string> = Name | Partial<Record<Name, Record<string, number>>>;

export function nameOf<Name extends string>(option: NamedOption<Name>): Name {
  return typeof option === 'string' ? option : (Object.keys(option)[0] as Name);
}

export function numbersOf(option: NamedOption): Record<string, number> {
  return typeof option === 'string' ? {} : (Object.values(option)[0] ?? {});
}
