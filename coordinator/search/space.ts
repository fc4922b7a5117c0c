/**
 * A search's space made ready for samplers: its parameters as a tree, each with the number of its random stream, and the
 * constraints. Whether it is right has been checked with the file.
 */
import type { Search } from '../../common/experiment/search-schema.js';
import {
  allParameters,
  branchesOf,
  branchOf,
  optionsOf,
  parametersOfSpace,
  type TreeParameter,
} from '../../common/experiment/space-tree.js';
import { Constraint } from './constraint.js';
import { numberDistribution, type NumberDistribution } from './number-distribution.js';

interface Named {
  name: string;
  /** It stands in an option's value, and has no name to refer to it by. */
  isInline: boolean;
}

export type Parameter = ConstantParameter | DrawnParameter;
export type DrawnParameter = NumberParameter | ChoiceParameter;

export interface ConstantParameter extends Named {
  kind: 'constant';
  value: unknown;
}

export interface NumberParameter extends Named {
  kind: 'number';
  /** What its random numbers are drawn by: it follows from its name and place, so that others may come and go. */
  stream: number;
  /** Among all that are drawn, in the order of the space. */
  dimension: number;
  distribution: NumberDistribution;
}

export interface ChoiceParameter extends Named {
  kind: 'choice';
  stream: number;
  dimension: number;
  options: Option[];
}

export interface Option {
  /** As tables show it, and as a list of trials names it. */
  label: string;
  /** With references and distributions in it. */
  value: unknown;
  parameters: Parameter[];
}

export interface Space {
  parameters: Parameter[];
  constraints: Constraint[];
  /** How many parameters are drawn, also those of options that are not taken. */
  dimensions: number;
}

export function compileSpace({ space, constraints = [] }: Pick<Search, 'space' | 'constraints'>): Space {
  const compiler = new Compiler(parametersOfSpace(space));
  const parameters = compiler.compile(parametersOfSpace(space));
  return { parameters, constraints: constraints.map((text) => new Constraint(text)), dimensions: compiler.dimensions };
}

class Compiler {
  dimensions = 0;
  readonly #streams: ReadonlyMap<string, number>;

  constructor(top: TreeParameter[]) {
    this.#streams = streamsOf(allParameters(top).map(({ path }) => path.join('/')));
  }

  compile(parameters: TreeParameter[]): Parameter[] {
    return parameters.map((each) => this.#parameter(each));
  }

  #parameter(parameter: TreeParameter): Parameter {
    const { name, isInline, path, distribution } = parameter;
    if (typeof distribution !== 'object' || distribution === null) {
      return { kind: 'constant', name, isInline, value: distribution };
    }
    const drawn = { name, isInline, stream: this.#streams.get(path.join('/'))!, dimension: this.dimensions++ };
    const options = optionsOf(distribution);
    if (options.length === 0) return { kind: 'number', ...drawn, distribution: numberDistribution(distribution) };
    const labels = labelsOf(options);
    const branches = branchesOf(parameter);
    return {
      kind: 'choice',
      ...drawn,
      options: options.map((option, index) => ({
        label: labels[index]!,
        value: branchOf(option).value,
        parameters: this.compile(branches[index]!),
      })),
    };
  }
}

/** A value itself, the one key of a map, or `option 2`; the number is added to what would be there twice. */
function labelsOf(options: readonly unknown[]): string[] {
  const labels = options.map((option, index) => labelOf(branchOf(option).value) ?? `option ${index + 1}`);
  return labels.map((label, index) =>
    labels.indexOf(label) === labels.lastIndexOf(label) ? label : `${label} ${index + 1}`,
  );
}

function labelOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return String(value);
  const keys = Object.keys(value);
  return keys.length === 1 && !Array.isArray(value) ? keys[0] : undefined;
}

/** A hash of each place, the next free number where two are equal. */
function streamsOf(places: string[]): Map<string, number> {
  const taken = new Set<number>();
  return new Map(
    places.map((place) => {
      let stream = hashOf(place);
      while (taken.has(stream)) stream = (stream + 1) >>> 0;
      taken.add(stream);
      return [place, stream];
    }),
  );
}

/** FNV-1a of 32 bits over the UTF-16 code units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}
