/** The rows of a list of trials, each a trial. */
import { PolyakError } from '../../../common/errors.js';
import { hyperparametersOf, type Hyperparameters, type Picks } from '../hyperparameters.js';
import { assertNumber, type Sampler, type SamplerInput } from '../sampler.js';
import type { ChoiceParameter, DrawnParameter, NumberParameter, Parameter, Space } from '../space.js';
import { atLine, readTrialList, type TrialRow } from '../trial-list.js';

/**
 * Columns are parameters, a choice by the label of its option; where a branch is not taken its cells are empty. All rows
 * are checked at once. Errors: `usage`, with the line, for a value that the space does not have, or that a constraint
 * forbids.
 */
export function listSampler({ space, list }: SamplerInput): Sampler {
  if (list === undefined) throw new PolyakError('usage', 'search.sampler: list needs the text of its file');
  const { columns, rows } = readTrialList(list);
  checkColumns(columns, space);
  const trials = rows.map((row) => trialOf(row, space));
  return {
    size: trials.length,
    draw(number) {
      assertNumber(number, trials.length);
      return trials[number]!;
    },
  };
}

function checkColumns(columns: string[], { parameters }: Space): void {
  const all = everyParameter(parameters);
  const names = new Set(all.filter(({ kind }) => kind !== 'constant').map(({ name }) => name));
  const strange = columns.find((name) => !names.has(name));
  if (strange === undefined) return;
  const isConstant = all.some(({ name }) => name === strange);
  const problem = isConstant
    ? 'is a constant of the space'
    : `is no parameter; the space draws ${[...names].join(', ')}`;
  throw atLine(1, `column '${strange}' ${problem}`);
}

function everyParameter(parameters: Parameter[]): Parameter[] {
  return parameters.flatMap((each) =>
    each.kind === 'choice' ? [each, ...each.options.flatMap((option) => everyParameter(option.parameters))] : [each],
  );
}

function trialOf(row: TrialRow, space: Space): Hyperparameters {
  const picks = new RowPicks(row);
  const { hyperparameters, broken } = hyperparametersOf(space, picks);
  if (broken) throw atLine(row.line, `breaks the constraint '${broken.text}'`);
  const unused = [...row.cells.keys()].find((name) => !picks.used.has(name));
  if (unused === undefined) return hyperparameters;
  throw atLine(
    row.line,
    `${unused} is ${row.cells.get(unused)}, but no option that has it is taken; leave the cell empty`,
  );
}

class RowPicks implements Picks {
  readonly used = new Set<string>();

  constructor(private readonly row: TrialRow) {}

  number(parameter: NumberParameter): number {
    const cell = this.#cell(parameter);
    const value = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(cell) ? Number(cell) : Number.NaN;
    if (parameter.distribution.has(value)) return value;
    throw atLine(this.row.line, `${parameter.name} is ${cell}, which the space does not have`);
  }

  /** An option that is a distribution itself takes a cell that is no label. */
  option(parameter: ChoiceParameter): number {
    const { name, options } = parameter;
    const cell = this.#cell(parameter);
    const byLabel = options.findIndex(({ label }) => label === cell);
    const index =
      byLabel < 0
        ? options.findIndex((option) => option.parameters.some((each) => each.isInline && each.name === name))
        : byLabel;
    if (index >= 0) return index;
    throw atLine(this.row.line, `${name} is ${cell}, must be one of ${options.map(({ label }) => label).join(', ')}`);
  }

  #cell({ name }: DrawnParameter): string {
    const cell = this.row.cells.get(name);
    if (cell === undefined) throw atLine(this.row.line, `${name} has no value`);
    this.used.add(name);
    return cell;
  }
}
