/** From what a sampler picks for each parameter to a trial's hyperparameters: options filled in, branches not taken left out. */
import { PolyakError } from '../../common/errors.js';
import { replaceReferences, type Parameters } from '../../common/experiment/parameters.js';
import { isDistribution } from '../../common/experiment/space-tree.js';
import type { Constraint } from './constraint.js';
import type { ChoiceParameter, NumberParameter, Option, Parameter, Space } from './space.js';

export type Column = number | boolean | string;

export interface Hyperparameters {
  /** By name, as `substitute` takes them: numbers, texts, and for a choice of sub-trees the whole sub-tree. */
  parameters: Parameters;
  /**
   * What was drawn, for tables: a choice of sub-trees by its option's label, what stands within an option by its place,
   * such as `optimizer.adam.beta1`. A parameter of a branch that was not taken is absent.
   */
  columns: Readonly<Record<string, Column>>;
}

/** What a sampler decides. It is asked in the order of the space, and of a branch only where that is taken. */
export interface Picks {
  number(parameter: NumberParameter): number;
  /** The index of an option. */
  option(parameter: ChoiceParameter): number;
}

/** The picks of coordinates in (0, 1). */
export function picksAt(coordinate: (parameter: NumberParameter | ChoiceParameter) => number): Picks {
  return {
    number: (parameter) => parameter.distribution.quantile(coordinate(parameter)),
    option: (parameter) => {
      const { length } = parameter.options;
      return Math.min(Math.floor(coordinate(parameter) * length), length - 1);
    },
  };
}

/** The hyperparameters, or the first of the constraints that they break. Errors: `usage`, where a formula has no value. */
export function hyperparametersOf(
  { parameters, constraints }: Space,
  picks: Picks,
): { hyperparameters: Hyperparameters; broken: Constraint | undefined } {
  const assembly = new Assembly();
  assembly.take(parameters, picks);
  const hyperparameters = assembly.hyperparameters();
  const values = { ...hyperparameters.parameters, ...hyperparameters.columns };
  return { hyperparameters, broken: constraints.find((constraint) => !constraint.holds(values)) };
}

/** A parameter that is there in the trial, with its constant, its number, or the option that was taken. */
type Taken = { parameter: Parameter } & ({ value: unknown } | { option: Option });

class Assembly {
  readonly #named = new Map<string, Taken>();
  readonly #inline = new Map<string, Taken>();
  readonly #values = new Map<Taken, unknown>();

  take(parameters: Parameter[], picks: Picks): void {
    for (const parameter of parameters) {
      const { name, isInline } = parameter;
      const taken = this.#pick(parameter, picks);
      (isInline ? this.#inline : this.#named).set(name, taken);
      if ('option' in taken) this.take(taken.option.parameters, picks);
    }
  }

  #pick(parameter: Parameter, picks: Picks): Taken {
    if (parameter.kind === 'constant') return { parameter, value: parameter.value };
    if (parameter.kind === 'number') return { parameter, value: picks.number(parameter) };
    return { parameter, option: parameter.options[picks.option(parameter)]! };
  }

  hyperparameters(): Hyperparameters {
    const named = [...this.#named].map(([name, taken]): [string, unknown] => [name, this.#valueOf(taken)]);
    const drawn = [...this.#named, ...this.#inline].filter(([, { parameter }]) => parameter.kind !== 'constant');
    // An option that is a distribution itself has the name of its choice, and the same value.
    const columns = drawn.map(([name, taken]): [string, Column] => [name, this.#columnOf(taken)]);
    return { parameters: Object.fromEntries(named), columns: Object.fromEntries(columns) };
  }

  #columnOf(taken: Taken): Column {
    const value = this.#valueOf(taken);
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return value;
    return 'option' in taken ? taken.option.label : String(value);
  }

  #valueOf(taken: Taken): unknown {
    if ('value' in taken) return taken.value;
    if (!this.#values.has(taken)) this.#values.set(taken, this.#fill(taken.option.value, taken.parameter.name));
    return this.#values.get(taken);
  }

  /** `place` is the name that a distribution at this place has. */
  #fill(value: unknown, place: string): unknown {
    if (isDistribution(value)) return this.#valueOf(this.#inline.get(place)!);
    if (typeof value === 'string') return this.#resolve(value, place);
    if (Array.isArray(value)) return value.map((member, index) => this.#fill(member, `${place}.${index}`));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, this.#fill(member, `${place}.${key}`)]),
    );
  }

  /** A text of an option: a `$name` or a formula stands for its value. That none needs itself has been checked. */
  #resolve(text: string, place: string): unknown {
    const { names } = replaceReferences(text, { values: {}, open: true });
    const values = [...names].flatMap((name): [string, unknown][] => {
      const taken = this.#named.get(name);
      return taken ? [[name, this.#valueOf(taken)]] : [];
    });
    const { value, findings } = replaceReferences(text, { values: Object.fromEntries(values) });
    const [finding] = findings;
    if (finding) throw new PolyakError('usage', `search.space: ${place}${finding.message}`);
    return value;
  }
}
