/** How important the parameters were: the numbers, a plot of them, and how they were measured. */
import { importancePlot, importanceSize } from './importance-plot.js';
import { repeats, trees, trialsMin, type ImportanceResult } from './parameter-importance.js';
import { countText, counted } from './plain-text.js';
import { drawnPlot } from './drawn-plot.js';
import { paragraph, type Block } from './report-block.js';
import type { SweepAnalysis } from './sweep-analysis.js';

/** More bars are not drawn; the table has all. */
const barsMax = 24;

export function importanceSection({ importance, results, facts }: SweepAnalysis): Block[] {
  const all = countText(importance.trials);
  switch (importance.kind) {
    case 'too few': {
      const early = results.length - importance.trials;
      const others = early > 0 ? ` (${countText(early)} more have a result, but of fewer epochs)` : '';
      const trained = `${counted(importance.trials, 'trial')} trained in full${others}`;
      return [paragraph(`Too few to tell the importance of parameters: ${trained}, and ${trialsMin} are needed.`)];
    }
    case 'all equal':
      return [paragraph(`All ${all} trials trained in full have the same ${facts.metric}: no parameter mattered.`)];
    case 'measured':
      return [methodText(importance, facts.metric), importanceTable(importance), importanceFigure(importance)];
  }
}

type Measured = Extract<ImportanceResult, { kind: 'measured' }>;

function methodText({ trials, given, explained }: Measured, metric: string): Block {
  const chosen = given > trials ? `, evenly chosen of ${countText(given)}` : '';
  const known = `The forests explain ${share(explained.mean)} ± ${share(explained.deviation)} of the variance of trials that they have not seen`;
  const sentences = [
    `The share of the variance of ${metric} that goes with a parameter, alone or together with others, ± one standard deviation over ${repeats} bootstrap samples of the ${counted(trials, 'trial')} trained in full${chosen}.`,
    `It is the permutation importance on random forests (Breiman 2001) of ${trees} trees, judged on the trials outside of each sample, as half of what the error grows by: for independent parameters the total effect of Sobol's indices.`,
    explained.mean < 0.1 ? `${known}: so little that the numbers say hardly anything.` : `${known}.`,
  ];
  return paragraph(sentences.join(' '));
}

function importanceTable({ parameters }: Measured): Block {
  const numbers = ['importance', '±'].map((title) => ({ title, isRight: true }));
  return {
    kind: 'table',
    columns: [{ title: 'parameter' }, ...numbers, { title: '' }],
    rows: parameters.map(({ name, mean, deviation }) => [
      ...[name, share(mean), share(deviation)],
      mean <= 2 * deviation ? 'cannot be told from 0' : '',
    ]),
  };
}

function importanceFigure({ parameters }: Measured): Block {
  const drawn = parameters.slice(0, barsMax);
  const label = `Importance of ${drawn.map(({ name, mean }) => `${name} ${share(mean)}`).join(', ')}`;
  const caption = 'A line is one standard deviation to either side.';
  return {
    kind: 'plots',
    plots: [drawnPlot('importance', label, caption, importanceSize(drawn.length), importancePlot(drawn))],
  };
}

function share(part: number): string {
  const text = part.toFixed(3);
  return text === '-0.000' ? '0.000' : text;
}
