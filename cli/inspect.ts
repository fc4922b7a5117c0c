/**
 * `polyak inspect`: a network before its first step, layer by layer, and what to change. A sweep is looked at as one of
 * its trials. Trains nothing.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pino, type Logger } from 'pino';
import { PolyakError } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';
import type { Backend } from '../worker/tensorflow/load.js';
import { findingsOf, type Finding } from './inspect/findings.js';
import { inspectExperiment } from './inspect/inspect-experiment.js';
import { inspectionPlot } from './inspect/inspection-plot.js';
import { inspectionText } from './inspect/inspection-text.js';
import type { Inspection } from './inspect/inspection.js';
import { findSweep, loadWithFlags, type OverrideFlags } from './load-experiment.js';
import { prepareModule } from './module/prepare-module.js';
import { printJson, printText } from './output.js';
import { setup } from './setup.js';
import { defaultState } from './train.js';
import { shownDrawn, validateSweep } from './validated-sweep.js';

export interface InspectCommandOptions extends OverrideFlags {
  samples?: number;
  /** Path of an SVG file. */
  plot?: string;
  backend?: Backend;
  json: boolean;
}

/** Errors: `usage` for the file, the flags, or a model that does not fit the data; `data`; `setup`. */
export async function inspectCommand(file: string, options: InspectCommandOptions): Promise<void> {
  const { samples, plot, backend = 'tensorflow', json } = options;
  if (plot !== undefined) requirePlace(plot);
  const { given, what } = await experimentOf(file, options);
  if (backend === 'tensorflow') await setup({ quiet: true });
  const { experiment, bundle: module } = await prepareModule(given, defaultState);
  const inspection = await inspectExperiment(experiment, { backend, module, samples, log: noticeLog() });
  const findings = findingsOf(inspection);
  if (plot !== undefined) await writePlot(plot, experiment.name, inspection);
  if (json) return printJson(toJson(file, inspection, findings, plot));
  const title = `${what} at initialisation, on ${inspection.samples} samples of the training split`;
  printText(inspectionText(title, inspection, findings));
}

/** Before anything is computed for it. */
function requirePlace(plot: string): void {
  if (!plot.toLowerCase().endsWith('.svg')) {
    throw new PolyakError('usage', `--plot ${plot}: plots are SVG; give a name that ends with .svg`);
  }
  const folder = dirname(resolve(plot));
  if (!existsSync(folder)) throw new PolyakError('usage', `--plot ${plot}: there is no folder ${folder}`);
}

/** Of a sweep, the first trial that is right. Errors: `usage`. */
async function experimentOf(file: string, flags: OverrideFlags): Promise<{ given: Experiment; what: string }> {
  const template = await findSweep(file, flags);
  if (!template) return { given: await loadWithFlags(file, flags), what: file };
  const { trial, warnings } = validateSweep(template);
  if (!trial) throw new PolyakError('usage', [`${file}: no trial of it is right`, ...warnings].join('\n'));
  const drawn = Object.keys(trial.drawn).length > 0;
  const what = drawn ? `${file}, trial ${trial.number}, ${shownDrawn(trial.drawn)},` : file;
  return { given: trial.experiment, what };
}

/** What opening the data has to say, such as that they are being brought; on stderr. */
function noticeLog(): Logger {
  const write = (line: string) => process.stderr.write(`polyak: ${(JSON.parse(line) as { msg: string }).msg}\n`);
  return pino({ base: null }, { write });
}

async function writePlot(path: string, name: string, inspection: Inspection): Promise<void> {
  try {
    await writeFile(path, inspectionPlot(name, inspection));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PolyakError('usage', `--plot ${path}: cannot be written: ${reason}`, { cause: error });
  }
}

function toJson(file: string, inspection: Inspection, findings: Finding[], plot: string | undefined) {
  return { event: 'inspected', file, ...inspection, findings, plot: plot ?? null };
}
