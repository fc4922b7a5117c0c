/** A sweep's table as a Parquet file: a column per parameter, null where a trial does not have it. */
import { writeFile } from 'node:fs/promises';
import { parquetWriteBuffer, type BasicType } from 'hyparquet-writer';
import { PolyakError } from '../../common/errors.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import { parameterNames } from './csv.js';

const texts = ['status', 'reason', 'startedAt', 'endedAt'] as const;
const whole = ['number', 'epoch', 'bestEpoch', 'bracket', 'round', 'rung'] as const;
const numbers = ['value', 'deviation', 'best', 'loss', 'computeSeconds'] as const;

/** Errors: `usage` for a path that cannot be written. */
export async function writeParquet(path: string, rows: readonly TrialRow[]): Promise<void> {
  const column = (name: string, type: BasicType, data: unknown[]) => ({ name, type, data, nullable: true });
  const buffer = parquetWriteBuffer({
    columnData: [
      ...whole.map((name) =>
        column(
          name,
          'INT32',
          rows.map((row) => row[name]),
        ),
      ),
      ...numbers.map((name) =>
        column(
          name,
          'DOUBLE',
          rows.map((row) => row[name]),
        ),
      ),
      ...texts.map((name) =>
        column(
          name,
          'STRING',
          rows.map((row) => row[name]),
        ),
      ),
      ...parameterNames(rows).map((name) =>
        parameterColumn(
          name,
          rows.map(({ columns }) => columns[name] ?? null),
        ),
      ),
    ],
  });
  try {
    await writeFile(path, Buffer.from(buffer));
  } catch (error) {
    throw new PolyakError('usage', `--parquet '${path}': ${(error as Error).message}`, { cause: error });
  }
}

/** Numbers stay numbers; a parameter that is a number here and a text there is a text. */
function parameterColumn(name: string, values: (number | boolean | string | null)[]) {
  const types = new Set(values.filter((value) => value !== null).map((value) => typeof value));
  const [type] = types.size === 1 ? types : ['string'];
  if (type === 'number') return { name: `param.${name}`, type: 'DOUBLE' as const, data: values, nullable: true };
  if (type === 'boolean') return { name: `param.${name}`, type: 'BOOLEAN' as const, data: values, nullable: true };
  const data = values.map((value) => (value === null ? null : String(value)));
  return { name: `param.${name}`, type: 'STRING' as const, data, nullable: true };
}
