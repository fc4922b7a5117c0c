/**
 * The final report of a sweep, as Markdown with plots beside it and as one HTML page. Equal facts and trials give equal
 * bytes. Nothing is read or written here.
 */
import type { TrialRow } from '../../coordinator/store/rows.js';
import { accountSections } from './account-sections.js';
import { ensembleSection } from './ensemble-section.js';
import { plotSections } from './plot-sections.js';
import type { ReportDocument } from './report-block.js';
import { reportHtml } from './report-html.js';
import { reportMarkdown } from './report-markdown.js';
import { summarySections } from './summary-sections.js';
import { analysisOf } from './sweep-analysis.js';
import type { SweepFacts } from './sweep-facts.js';

export interface SweepReport {
  markdown: string;
  /** Needs no other file. */
  html: string;
  /** SVG files by name, which the Markdown refers to as beside it. */
  plots: Record<string, string>;
}

/** `trials`: of the sweep, in any order. */
export function sweepReport(facts: SweepFacts, trials: readonly TrialRow[]): SweepReport {
  const analysis = analysisOf(facts, trials);
  const document: ReportDocument = {
    title: `Sweep ${facts.name}`,
    blocks: [
      ...summarySections(analysis),
      ...ensembleSection(facts),
      ...plotSections(analysis),
      ...accountSections(analysis),
    ],
  };
  const plots = document.blocks.flatMap((block) => (block.kind === 'plots' ? block.plots : []));
  return {
    markdown: reportMarkdown(document),
    html: reportHtml(document),
    plots: Object.fromEntries(plots.map(({ file, svg }) => [file, svg])),
  };
}
