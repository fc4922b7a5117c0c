/** `polyak export`: a run's model in a format that others read. */
import { exportRun } from '../inference/export/export-run.js';
import type { ExportFormat } from '../inference/export/format.js';
import type { Quantisation } from '../inference/export/quantise.js';
import { loadRun, type FindRunOptions } from './load-run.js';

export interface ExportCommandOptions extends FindRunOptions {
  format: ExportFormat;
  quantise?: Quantisation;
  out?: string;
  json: boolean;
}

export async function exportCommand(reference: string, options: ExportCommandOptions): Promise<void> {
  const { format, quantise, out, json, ...rest } = options;
  // Nothing is computed, so native TensorFlow need not be there.
  const run = await loadRun(reference, { ...rest, backend: 'cpu' });
  const exported = await exportRun(run, { format, quantise, out });
  if (json) {
    process.stdout.write(`${JSON.stringify({ event: 'exported', run: run.folder, format, ...exported })}\n`);
    return;
  }
  const name = `${run.experiment.name}, step ${run.step}, ${run.weights} weights`;
  process.stdout.write(`${name}: in ${exported.out}\n`);
  for (const { name: file, bytes } of exported.files) process.stdout.write(`  ${file}  ${bytes} bytes\n`);
}
