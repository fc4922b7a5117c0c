/** Every combination of every parameter's values; of a branch that is not taken there is nothing to combine. */
import { PolyakError } from '../../../common/errors.js';
import { pointsOf, type SamplerChoice } from '../../../common/experiment/sampler-schema.js';
import type { Picks } from '../hyperparameters.js';
import type { NumberDistribution } from '../number-distribution.js';
import { PointSequence } from '../point-sequence.js';
import { assertNumber, type Sampler, type SamplerInput } from '../sampler.js';
import type { DrawnParameter, NumberParameter, Parameter } from '../space.js';

/** Points before the constraints; who wants more than this many trainings does not want a grid. */
export const gridPointsMax = 100_000;

/**
 * The last parameter of the space changes fastest. Trial n is the n-th combination that the constraints allow. Errors:
 * `usage`, where there are more than `gridPointsMax`, or the constraints allow none.
 */
export function gridSampler({ space, sampler }: SamplerInput): Sampler {
  const grid = new Grid(sampler);
  const length = grid.countOf(space.parameters);
  if (length > gridPointsMax) {
    const message = `search.sampler: the grid has ${length} points, the most is ${gridPointsMax}; fewer points or values, or sampler: sobol`;
    throw new PolyakError('usage', message);
  }
  const points = new PointSequence(space, (point) => grid.picksOf(space.parameters, point), length);
  const size = points.count();
  return {
    size,
    draw(number) {
      assertNumber(number, size);
      return points.at(number);
    },
  };
}

interface Values {
  count: number;
  at: (index: number) => number;
}

class Grid {
  readonly #values = new Map<NumberParameter, Values>();

  constructor(private readonly sampler: SamplerChoice) {}

  /** The product over the parameters; of a choice, the sum over its options. */
  countOf(parameters: Parameter[]): number {
    return parameters.reduce((product, each) => product * this.#pointsOf(each), 1);
  }

  #pointsOf(parameter: Parameter): number {
    if (parameter.kind === 'constant') return 1;
    if (parameter.kind === 'number') return this.#valuesOf(parameter).count;
    return parameter.options.reduce((sum, { parameters }) => sum + this.countOf(parameters), 0);
  }

  picksOf(parameters: Parameter[], point: number): Picks {
    const indices = new Map<DrawnParameter, number>();
    this.#spread(parameters, point, indices);
    return {
      number: (parameter) => this.#valuesOf(parameter).at(indices.get(parameter)!),
      option: (parameter) => indices.get(parameter)!,
    };
  }

  #valuesOf(parameter: NumberParameter): Values {
    const { name, distribution } = parameter;
    const known = this.#values.get(parameter);
    const values = known ?? gridValues(distribution, pointsOf(this.sampler, name, distribution.values === undefined));
    this.#values.set(parameter, values);
    return values;
  }

  /** The digits of the point's number, of which each parameter has its own base. */
  #spread(parameters: Parameter[], point: number, indices: Map<DrawnParameter, number>): void {
    let rest = point;
    for (const parameter of parameters.toReversed()) {
      const count = this.#pointsOf(parameter);
      const digit = rest % count;
      rest = Math.floor(rest / count);
      if (parameter.kind === 'number') indices.set(parameter, digit);
      if (parameter.kind !== 'choice') continue;
      let within = digit;
      let option = 0;
      for (let size; (size = this.countOf(parameter.options[option]!.parameters)) <= within; option++) within -= size;
      indices.set(parameter, option);
      this.#spread(parameter.options[option]!.parameters, within, indices);
    }
  }
}

/**
 * All values, or `points` of them from the first to the last; where there is no first and last, evenly by share, with half
 * a part left free at both ends. Points that a step makes equal are one.
 */
function gridValues({ values, isBounded, quantile }: NumberDistribution, points: number | undefined): Values {
  if (values && (points === undefined || points >= values.count)) return values;
  const count = points ?? 1;
  const shares = Array.from({ length: count }, (_, index) =>
    isBounded ? shareOf(index, count) : (index + 0.5) / count,
  );
  const all = shares.map((share) => (values ? values.at(Math.round(share * (values.count - 1))) : quantile(share)));
  const distinct = [...new Set(all)];
  return { count: distinct.length, at: (index) => distinct[index]! };
}

/** From 0 to 1; the middle where there is only one. */
function shareOf(index: number, count: number): number {
  return count === 1 ? 0.5 : index / (count - 1);
}
