/** `polyak report`: the files of a sweep's report with the ensemble of its best trials, also written when a sweep ends. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PolyakError } from '../../common/errors.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import { displayPath } from '../foreground.js';
import { printJson, printText } from '../output.js';
import { sweepReport } from '../report/sweep-report.js';
import { finalEnsemble, type EnsembleOrWhy } from './final-ensemble.js';
import { gatherFacts } from './gather-facts.js';
import { openReader } from './open-reader.js';
import { SweepFolder } from './sweep-folder.js';

export interface ReportFlags {
  state: string;
  output?: string;
  json: boolean;
}

export interface ReportFiles {
  html: string;
  markdown: string;
  plots: string[];
}

export async function reportCommand(sweep: string, { state, output, json }: ReportFlags): Promise<void> {
  const folder = SweepFolder.open(state, sweep);
  const ensemble = await finalEnsemble(folder);
  const files = await writeReport(folder, output ?? folder.path, ensemble);
  if (json) printJson({ ...files, ensemble });
  else printText(`${displayPath(files.html)}\n${displayPath(files.markdown)}`);
}

/** Errors: `usage` for a folder that cannot be written. */
export async function writeReport(folder: SweepFolder, output: string, ensemble?: EnsembleOrWhy): Promise<ReportFiles> {
  const reader = await openReader(folder);
  const trials: TrialRow[] = [];
  let facts;
  try {
    facts = { ...(await gatherFacts(folder, reader, trials)), ...(ensemble && { ensemble }) };
  } finally {
    await reader.close();
  }
  const { html, markdown, plots } = sweepReport(facts, trials);
  const paths = { html: join(output, 'report.html'), markdown: join(output, 'report.md') };
  try {
    await mkdir(output, { recursive: true });
    await writeFile(paths.html, html);
    await writeFile(paths.markdown, markdown);
    for (const [name, svg] of Object.entries(plots)) await writeFile(join(output, name), svg);
  } catch (error) {
    throw new PolyakError('usage', `the report cannot be written: ${(error as Error).message}`, { cause: error });
  }
  return { ...paths, plots: Object.keys(plots).map((name) => join(output, name)) };
}
