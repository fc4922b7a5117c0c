/** What is wrong with a space beside the distributions themselves: names, references between them, constraints. */
import { Expression } from './expression/expression.js';
import { ExpressionError } from './expression/expression-error.js';
import { replaceReferences } from './parameters.js';
import {
  allParameters,
  branchesOf,
  branchOf,
  isDistribution,
  namedParameters,
  optionsOf,
  parametersOfSpace,
  type TreeParameter,
} from './space-tree.js';
import { closest } from './suggest-value.js';

export interface SpaceFinding {
  path: PropertyKey[];
  message: string;
}

type Space = Readonly<Record<string, unknown>>;

/** Places are counted from the space. */
export function spaceFindings(space: Space): SpaceFinding[] {
  const top = parametersOfSpace(space);
  return [
    ...repeatedNames(top, new Set()),
    ...unknownReferences(top, space),
    ...circles(top),
    ...choicesAsOptions(top),
  ];
}

/** Places are counted from the list of constraints. */
export function constraintFindings(constraints: readonly string[], space: Space): SpaceFinding[] {
  const names = Object.keys(namedParameters(space));
  return constraints.flatMap((text, index) => {
    const problem = constraintProblem(text, names);
    return problem === undefined ? [] : [{ path: [index], message: problem }];
  });
}

function constraintProblem(text: string, names: string[]): string | undefined {
  if (/^\s*=(?!=)/.test(text)) return "is a formula already; write it without '='";
  try {
    const unknown = [...Expression.parse(text).references.keys()].find((name) => !names.includes(name));
    return unknown === undefined ? undefined : noParameter(unknown, names);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return `at column ${error.column}: ${error.message}`;
  }
}

function noParameter(name: string, names: string[]): string {
  const near = closest(name, names);
  const known = names.length === 0 ? 'search.space is empty' : `search.space has ${names.join(', ')}`;
  return `there is no parameter $${name}; ${near === undefined ? known : `did you mean $${near}?`}`;
}

/** Options of one choice may share a name, as only one of them is taken; what may be there together may not. */
function repeatedNames(parameters: TreeParameter[], taken: Set<string>): SpaceFinding[] {
  return parameters.flatMap((each) => {
    const { name, isInline, path } = each;
    const isRepeated = !isInline && taken.has(name);
    if (!isInline) taken.add(name);
    // Most options have none, and what is taken may be thousands.
    const filled = branchesOf(each).filter((branch) => branch.length > 0);
    const branches = filled.map((branch) => {
      const within = new Set(taken);
      return { findings: repeatedNames(branch, within), within };
    });
    for (const { within } of branches) for (const inner of within) taken.add(inner);
    const message = `there is another parameter '${name}' that may be there in the same trial; give one of them another name`;
    return [...(isRepeated ? [{ path, message }] : []), ...branches.flatMap(({ findings }) => findings)];
  });
}

/** An option may refer to what stands beside its choice or around it, and to its own space. */
function unknownReferences(parameters: TreeParameter[], scope: Space): SpaceFinding[] {
  return parameters.flatMap((each) => {
    const branches = branchesOf(each);
    return optionsOf(each.distribution).flatMap((option, index) => {
      const { value, space } = branchOf(option);
      const place = [...each.path, 'choice', index, ...(value === option ? [] : ['value'])];
      const within = Object.keys(space).length === 0 ? scope : { ...scope, ...space };
      // An option that is a reference alone is refused by the schema.
      const texts = typeof option === 'string' ? [] : textsOf(value, place);
      const problems = texts.flatMap(({ path, text }) =>
        replaceReferences(text, { values: {}, space: within, open: true }).findings.map(({ message }) => ({
          path,
          message: message.replace(/^: /, ''),
        })),
      );
      return [...problems, ...unknownReferences(branches[index]!, within)];
    });
  });
}

/** The texts of an option's value; those of a distribution in it are its own. */
function textsOf(value: unknown, path: PropertyKey[]): { path: PropertyKey[]; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null || isDistribution(value)) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    textsOf(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** A value that needs itself. */
function circles(top: TreeParameter[]): SpaceFinding[] {
  const all = allParameters(top).filter(({ isInline }) => !isInline);
  const needs = new Map<string, string[]>();
  for (const each of all) needs.set(each.name, [...(needs.get(each.name) ?? []), ...neededBy(each)]);
  return all.flatMap(({ name, path }) =>
    reaches(name, name, needs, new Set())
      ? [{ path, message: `its value needs $${name}, which is itself; take the reference out` }]
      : [],
  );
}

function neededBy({ distribution, ...rest }: TreeParameter): string[] {
  const within = allParameters([{ distribution, ...rest }]);
  const texts = within.flatMap((each) =>
    optionsOf(each.distribution).flatMap((option) => textsOf(branchOf(option).value, [])),
  );
  return texts.flatMap(({ text }) => [...replaceReferences(text, { values: {}, open: true }).names]);
}

function reaches(from: string, goal: string, needs: ReadonlyMap<string, string[]>, seen: Set<string>): boolean {
  return (needs.get(from) ?? []).some((next) => {
    if (next === goal) return true;
    if (seen.has(next)) return false;
    seen.add(next);
    return reaches(next, goal, needs, seen);
  });
}

function choicesAsOptions(top: TreeParameter[]): SpaceFinding[] {
  return allParameters(top).flatMap(({ path, distribution }) =>
    optionsOf(distribution).flatMap((option, index) =>
      optionsOf(option).length === 0
        ? []
        : [
            {
              path: [...path, 'choice', index],
              message: 'a choice is no option of a choice; write its options beside the others',
            },
          ],
    ),
  );
}
