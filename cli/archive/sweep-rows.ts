/** The rows of one sweep in its store as lines of JSON, and back into a new store: the same for every kind of store. */
import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { isAbsolute, join, relative, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { isBucket } from '../../common/checkpoint-location.js';
import { PolyakError } from '../../common/errors.js';
import { openStore } from '../../coordinator/store/open-store.js';
import type { Change } from '../../coordinator/store/rows.js';
import type { StoreReader } from '../../coordinator/store/store.js';
import { tableNames } from '../../coordinator/store/tables.js';

const pageRows = 1000;

/** Of a sweep that does not run, so that all is of one moment. Errors: `usage` where the store does not know it. */
export async function writeRows(store: StoreReader, sweep: string, file: string): Promise<void> {
  const output = createWriteStream(file);
  for await (const change of rowsOf(store, sweep)) {
    if (!output.write(`${JSON.stringify(change)}\n`)) await once(output, 'drain');
  }
  output.end();
  await finished(output);
}

async function* rowsOf(store: StoreReader, sweep: string): AsyncGenerator<Change> {
  const row = (await store.sweeps()).find(({ key }) => key === sweep);
  if (!row) throw new PolyakError('usage', `the store knows no sweep ${sweep}; it was never submitted`);
  yield { table: 'sweeps', row };
  for (let from = 0; ;) {
    const page = await store.log(sweep, from, pageRows);
    for (const entry of page) yield { table: 'log', row: entry };
    from += page.length;
    if (page.length < pageRows) break;
  }
  for (let offset = 0; ;) {
    const { rows } = await store.trials({ sweep, offset, limit: pageRows });
    for (const trial of rows) {
      yield { table: 'trials', row: trial };
      for (const run of await store.runs({ sweep, trial: trial.number })) {
        yield { table: 'runs', row: run };
        for (const report of await store.reports(run.key)) yield { table: 'reports', row: report };
      }
    }
    offset += rows.length;
    if (rows.length < pageRows) return;
  }
}

/** Where what rows name lay, and where it lies now. */
export interface Move {
  from: string;
  /** s3://bucket/prefix, of what was brought from there. */
  bucket?: string | undefined;
  to: string;
}

/** Folders that lay in `from`, or in `bucket`, are said to lie in `to`. Errors: `data` for lines that are no rows, and folders elsewhere. */
export async function readRows(file: string, storePath: string, move: Move): Promise<void> {
  const store = await openStore(storePath, 'restore');
  try {
    let changes: Change[] = [];
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      changes.push(moved(changeOf(line, file), move, file));
      if (changes.length < pageRows) continue;
      await store.commit(changes);
      changes = [];
    }
    if (changes.length > 0) await store.commit(changes);
  } catch (error) {
    if (error instanceof PolyakError) throw error;
    throw new PolyakError('data', `${file}: a row is not as a store has it: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await store.close();
  }
}

type RowChange = Extract<Change, { row: object }>;

function changeOf(line: string, file: string): RowChange {
  const value = parsed(line);
  const isRow =
    value !== null &&
    typeof value.table === 'string' &&
    tableNames.includes(value.table) &&
    typeof value.row === 'object' &&
    value.row !== null;
  if (!isRow) throw new PolyakError('data', `${file}: a line is no row of a store: ${line.slice(0, 100)}`);
  const { table, row } = value as RowChange;
  return { table, row: { ...notInOlder[table], ...row } } as RowChange;
}

/** What rows of archives that an older Polyak has made lack. */
const notInOlder: Partial<Record<RowChange['table'], object>> = {
  runs: { checkpointStep: 0 },
  trials: { trained: 0 },
};

function parsed(line: string): Partial<RowChange> | null {
  try {
    return JSON.parse(line) as Partial<RowChange> | null;
  } catch {
    return null;
  }
}

/** Whoever goes on with the sweep writes where the rows say: nowhere but in its folder. Errors: `data`. */
function moved(change: RowChange, { from, bucket, to }: Move, file: string): Change {
  if (change.table !== 'sweeps' && change.table !== 'runs') return change;
  const directory: unknown = change.row.directory;
  // That of a trial that was run by a process of the user's own.
  if (directory === '') return change;
  const isRemote = typeof directory === 'string' && isBucket(directory);
  // What lies in a bucket stays there, where an older Polyak has not put it into the archive.
  if (isRemote && bucket === undefined) return change;
  const inside = typeof directory !== 'string' ? '..' : insideOf(isRemote ? (bucket ?? '') : from, directory);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    const where = JSON.stringify(directory);
    throw new PolyakError(
      'data',
      `${file}: a row's folder ${where} is not in the sweep's, '${isRemote ? bucket : from}'`,
    );
  }
  return { ...change, row: { ...change.row, directory: join(to, inside) } } as Change;
}

/** Places in a bucket have slashes on every system, and are no paths before their scheme is taken off. */
function insideOf(place: string, directory: string): string {
  const plain = (text: string) => (isBucket(text) ? text.replace('s3:/', '') : text);
  return relative(plain(place), plain(directory));
}
