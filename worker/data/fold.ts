/** One fold of a cross-validation: which of the samples validate, and which are trained on. */
import type { Fold } from '../../common/experiment/data-keys.js';
import { PolyakError } from '../../common/errors.js';
import type { RawData } from './raw-data.js';

export interface FoldRows {
  training: Uint32Array;
  validation: Uint32Array;
}

export function isFold(value: unknown): value is Fold {
  return typeof value === 'object' && value !== null && 'fold' in value;
}

/**
 * `rows` are those that are not held out for test, in the order of the seed's permutation. They are dealt to the folds in turn;
 * stratified ones class after class, going on where the class before has ended. So the sizes of two folds differ by one at most,
 * and stratified also their numbers of samples of each class. Numbers to predict have no classes, and are dealt as they come.
 * Errors: `data`, for fewer samples, in all or of a class, than folds.
 */
export function foldOf({ fold, of, stratified }: Fold, rows: Uint32Array, raw: RawData): FoldRows {
  const { classes, train, validation: own } = raw;
  if (own) {
    const found = `${own.count} validation samples of its own`;
    throw new PolyakError('data', `data.validation: fold ${fold} of ${of} is asked for, but the source has ${found}`);
  }
  if (of > rows.length) {
    throw new PolyakError('data', `data.validation.of: ${of} folds are more than the ${rows.length} samples there are`);
  }
  const inTurn = stratified && classes ? byClass(rows, train.labels, classes, of) : rows;
  const isValidation = (_: number, position: number) => position % of === fold;
  return {
    validation: inTurn.filter(isValidation),
    training: inTurn.filter((row, position) => !isValidation(row, position)),
  };
}

/** Those of a class in the order that they have. A number that no sample is labelled with, as IDX may have, is no class. */
function byClass(rows: Uint32Array, labels: ArrayLike<number>, classes: string[], folds: number): Uint32Array {
  const next = new Uint32Array(classes.length);
  for (const row of rows) next[labels[row] ?? 0]! += 1;
  let end = 0;
  for (const [label, count] of next.entries()) {
    if (count > 0 && count < folds) {
      const found = `${folds} folds are more than the ${count} sample${count === 1 ? '' : 's'} of class '${classes[label]}'`;
      const way = 'have fewer folds, or stratified: false';
      throw new PolyakError('data', `data.validation.of: ${found}; ${way}`);
    }
    next[label] = end;
    end += count;
  }
  const sorted = new Uint32Array(rows.length);
  for (const row of rows) {
    const label = labels[row] ?? 0;
    sorted[next[label]!] = row;
    next[label]! += 1;
  }
  return sorted;
}
