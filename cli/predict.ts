/** `polyak predict`: what a run's model says to files, one line for each sample. */
import { PolyakError } from '../common/errors.js';
import { readInput } from '../inference/input-file.js';
import { rank, type Ranked } from '../inference/rank.js';
import type { TrainedRun } from '../inference/trained-run.js';
import { loadRun, type FindRunOptions } from './load-run.js';

export interface PredictCommandOptions extends FindRunOptions {
  top: number;
  augment?: string;
  json: boolean;
}

/** Answers with the exit code: that of wrong data if any file could not be predicted; the others were. */
export async function predictCommand(reference: string, files: string[], options: PredictCommandOptions) {
  const { top, augment, json, ...rest } = options;
  const run = await loadRun(reference, rest);
  let exitCode = 0;
  for (const file of files) {
    try {
      await predictFile(run, file, { top, augment, json });
    } catch (error) {
      if (!(error instanceof PolyakError) || error.code !== 'data') throw error;
      exitCode = error.exitCode;
      process.stderr.write(`polyak: ${error.message}\n`);
      if (json) say({ event: 'failed', file, code: error.code, message: error.message });
    }
  }
  return exitCode;
}

async function predictFile(
  run: TrainedRun,
  file: string,
  { top, augment, json }: Pick<PredictCommandOptions, 'top' | 'augment' | 'json'>,
) {
  const { samples, count, many } = await readInput(file, run);
  const predictions = await run.predict(samples, { augment });
  const { outputs } = run.dataShape;
  const kind = (await run.hasProbabilities()) ? 'probability' : 'score';
  for (let index = 0; index < count; index++) {
    const values = predictions.subarray(index * outputs, (index + 1) * outputs);
    if (run.classes) {
      const ranked = rank(run.classes, values, kind).slice(0, top);
      if (json) say({ event: 'predicted', file, ...(many ? { index } : {}), class: ranked[0]?.class, top: ranked });
      else process.stdout.write(`${place(file, index, many)}  ${ranked.map(describe).join('  ')}\n`);
    } else {
      const found = numbersOf(run, values);
      if (json) say({ event: 'predicted', file, ...(many ? { index } : {}), ...found });
      else process.stdout.write(`${place(file, index, many)}  ${describeNumbers(found)}\n`);
    }
  }
}

type Numbers = { value: number } | { values: Record<string, number> };

/** Several go by the names of their columns, or by their numbers. */
function numbersOf({ experiment: { data } }: TrainedRun, values: Float32Array): Numbers {
  const names = data.source === 'csv' ? data.targets : undefined;
  if (values.length === 1) return { value: values[0] ?? 0 };
  return { values: Object.fromEntries(Array.from(values, (value, index) => [names?.[index] ?? String(index), value])) };
}

function describeNumbers(found: Numbers): string {
  if ('value' in found) return String(found.value);
  return Object.entries(found.values)
    .map(([name, value]) => `${name} ${value}`)
    .join('  ');
}

function place(file: string, index: number, many: boolean): string {
  return many ? `${file}[${index}]` : file;
}

function describe({ class: name, probability, score = 0 }: Ranked): string {
  return `${name} ${probability === undefined ? score.toPrecision(4) : `${(100 * probability).toFixed(1)} %`}`;
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
