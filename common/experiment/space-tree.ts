/**
 * The parameters of a search's space as the tree that they are: an option of a choice may have parameters of its own,
 * which are there only where it is taken. Works on what is written, right or wrong; what is right is the schema's business.
 */

export const distributionNames = ['uniform', 'logUniform', 'normal', 'logNormal', 'int', 'logInt', 'choice'] as const;
export type DistributionName = (typeof distributionNames)[number];

/** An option as it is taken apart: `{ value: …, space: … }` names its parameters, any other is its value alone. */
export interface Branch {
  value: unknown;
  space: Readonly<Record<string, unknown>>;
}

export interface TreeParameter {
  /** Of one that stands in an option's value: the choice's name and the keys to it, such as `optimizer.adam.beta1`. */
  name: string;
  /** It stands in an option's value, in its place, and cannot be referred to. */
  isInline: boolean;
  /** From the space. */
  path: PropertyKey[];
  /** What it is drawn from; a value alone is a constant. */
  distribution: unknown;
}

export function branchOf(option: unknown): Branch {
  if (!isMap(option) || Object.keys(option).length !== 2) return { value: option, space: {} };
  const { value, space } = option;
  return 'value' in option && isMap(space) ? { value, space } : { value: option, space: {} };
}

/** `{ int: [1, 8], step: 2 }`: a map with the key of one distribution, and a list under it. */
export function isDistribution(value: unknown): value is Record<string, unknown> {
  if (!isMap(value)) return false;
  const [name, ...others] = Object.keys(value).filter((key) => key !== 'step');
  return others.length === 0 && distributionNames.some((each) => each === name) && Array.isArray(value[name!]);
}

/** None of what is no choice. */
export function optionsOf(distribution: unknown): readonly unknown[] {
  return isDistribution(distribution) && 'choice' in distribution ? (distribution['choice'] as unknown[]) : [];
}

export function parametersOfSpace(space: Readonly<Record<string, unknown>>, path: PropertyKey[] = []): TreeParameter[] {
  return Object.entries(space).map(([name, distribution]) => ({
    name,
    isInline: false,
    path: [...path, name],
    distribution,
  }));
}

/** By option: the parameters of its own space, then those that stand in its value. */
export function branchesOf({ name, path, distribution }: TreeParameter): TreeParameter[][] {
  return optionsOf(distribution).map((option, index) => {
    const { value, space } = branchOf(option);
    const place = [...path, 'choice', index];
    const inValue = inlineOf(value, name, value === option ? place : [...place, 'value']);
    return [...parametersOfSpace(space, [...place, 'space']), ...inValue];
  });
}

function inlineOf(value: unknown, name: string, path: PropertyKey[]): TreeParameter[] {
  if (isDistribution(value)) return [{ name, isInline: true, path, distribution: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    inlineOf(member, `${name}.${key}`, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** Every parameter of the tree, each before those of its options. */
export function allParameters(parameters: TreeParameter[]): TreeParameter[] {
  return parameters.flatMap((each) => [each, ...allParameters(branchesOf(each).flat())]);
}

/** The names that can be referred to, with what each is drawn from. */
export function namedParameters(space: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const named = allParameters(parametersOfSpace(space)).filter(({ isInline }) => !isInline);
  return Object.fromEntries(named.map(({ name, distribution }) => [name, distribution]));
}

/** The names that have no value in some trials, because there is an option without them. */
export function conditionalNames(space: Readonly<Record<string, unknown>>): Set<string> {
  const certain = certainNames(parametersOfSpace(space));
  return new Set(Object.keys(namedParameters(space)).filter((name) => !certain.has(name)));
}

function certainNames(parameters: TreeParameter[]): Set<string> {
  return new Set(
    parameters.flatMap((each) => {
      const [first, ...others] = branchesOf(each).map(certainNames);
      const inAll = [...(first ?? [])].filter((name) => others.every((names) => names.has(name)));
      return each.isInline ? inAll : [each.name, ...inAll];
    }),
  );
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
