/** The sections with plots: the best so far, and parameters together, one by one, and by importance. */
import { drawnPlot } from './drawn-plot.js';
import { bestSoFarPlot, curveSize, type Along } from './best-so-far-plot.js';
import { importanceSection } from './importance-section.js';
import { parallelPlot, parallelSize } from './parallel-plot.js';
import { placeOn, type ParameterAxis } from './parameter-axis.js';
import { panelSize, parameterPlot } from './parameter-plot.js';
import { countText, counted, numberText } from './plain-text.js';
import { paragraph, type Block, type Plot } from './report-block.js';
import { chosenAxes, type SweepAnalysis } from './sweep-analysis.js';
import { bestSoFar, thinned } from './trial-results.js';

/** Of one plot; and of all that show a parameter, so that a report of many parameters stays readable in a browser. */
const pointsMax = 2000;
const panelPointsMax = 12_000;
/** More lines are a surface. */
const linesMax = 1000;
const panelsMax = 24;
const parallelAxesMax = 16;

export function plotSections(analysis: SweepAnalysis): Block[] {
  if (analysis.results.length === 0) return [];
  return [
    { kind: 'heading', text: 'Best so far' },
    { kind: 'plots', plots: curvesOf(analysis) },
    ...(analysis.axes.length > 0 ? parameterSections(analysis) : []),
  ];
}

function parameterSections(analysis: SweepAnalysis): Block[] {
  const axes = chosenAxes(analysis, panelsMax);
  const left = analysis.axes.length - axes.length;
  return [
    { kind: 'heading', text: 'Parameters together' },
    { kind: 'plots', plots: [parallelOf(analysis)] },
    { kind: 'heading', text: 'Parameter by parameter' },
    { kind: 'plots', plots: axes.map((axis, index) => panelOf(axis, index, axes.length, analysis)) },
    ...(left > 0 ? [paragraph(leftText(left))] : []),
    { kind: 'heading', text: 'Importance of parameters' },
    ...importanceSection(analysis),
  ];
}

function curvesOf({ trials, results, facts, plot }: SweepAnalysis): Plot[] {
  const curve = bestSoFar(trials, facts.direction);
  const [first, last] = [curve[0]!, curve.at(-1)!];
  const range = `from ${numberText(first.best, 4)} to ${numberText(last.best, 4)}`;
  const overTrials: Along = { title: 'trials ended', at: ({ ended }) => ended };
  const unit = last.computeSeconds >= 7200 ? { name: 'hours', seconds: 3600 } : { name: 'minutes', seconds: 60 };
  const overCompute: Along = {
    title: `${unit.name} of compute`,
    at: ({ computeSeconds }) => computeSeconds / unit.seconds,
  };
  const option = (along: Along) => bestSoFarPlot(curve, along, plot, pointsMax);
  return [
    drawnPlot(
      'best-so-far-trials',
      `Best ${facts.metric} so far over ${counted(last.ended, 'trial')}, ${range}`,
      `A point per trial with a result, in the order in which trials ended.${drawnText(results.length, pointsMax)}${beyondText(plot)}`,
      ...[curveSize, option(overTrials)],
    ),
    drawnPlot(
      'best-so-far-compute',
      `Best ${facts.metric} so far over ${numberText(last.computeSeconds / unit.seconds, 4)} ${unit.name} of compute, ${range}`,
      'The same over the compute that all trials had taken by then, also those without a result.',
      ...[curveSize, option(overCompute)],
    ),
  ];
}

function parallelOf(analysis: SweepAnalysis): Plot {
  const { results, facts, plot } = analysis;
  const axes = chosenAxes(analysis, parallelAxesMax);
  const left = analysis.axes.length - axes.length;
  const lines = thinned(results, linesMax);
  const isPartial = results.some(({ columns }) => axes.some((axis) => placeOn(axis, columns) === undefined));
  const caption = [
    `A line per trial with a result, coloured by ${facts.metric}; the best is red and thick.`,
    drawnText(results.length, linesMax),
    isPartial ? ' Where a trial lacks a parameter its line passes over that axis.' : '',
    left > 0 ? ` ${leftText(left)}` : '',
  ];
  const label = `Parallel coordinates of ${counted(lines.length, 'trial')} over ${axes.map(({ name }) => name).join(', ')} and ${facts.metric}`;
  return drawnPlot(
    'parallel-coordinates',
    label,
    caption.join(''),
    parallelSize(axes),
    parallelPlot(axes, lines, plot),
  );
}

function panelOf(axis: ParameterAxis, index: number, panels: number, { results, facts, plot }: SweepAnalysis): Plot {
  const most = Math.min(pointsMax, Math.max(500, Math.floor(panelPointsMax / panels)));
  const present = results.filter(({ columns }) => placeOn(axis, columns) !== undefined).length;
  const isBoxed = axis.kind === 'categories';
  const lacking = results.length - present;
  const absent = lacking > 0 ? `; ${countText(lacking)} have no such parameter` : '';
  const kind = isBoxed ? ' Boxes are quartiles, lines reach to the least and the most.' : '';
  const scale = axis.kind === 'logarithmic' ? ', on a logarithmic scale' : '';
  const name = `parameter-${String(index + 1).padStart(2, '0')}-${axis.name.replaceAll(/[^\w-]/g, '-').slice(0, 40)}`;
  return drawnPlot(
    name,
    `${facts.metric} against ${axis.name}${scale}, ${counted(present, 'trial')}`,
    `${axis.name}${scale}: ${counted(present, 'trial')}${absent}.${kind}${isBoxed ? '' : drawnText(present, most)}`,
    ...[panelSize(axis), parameterPlot(axis, results, plot, most)],
  );
}

/** Which they are follows from `chosenAxes`. */
function leftText(left: number): string {
  return `Left out: ${counted(left, 'more parameter')}.`;
}

function drawnText(all: number, most: number): string {
  return all > most ? ` ${countText(most)} of ${countText(all)} are drawn, evenly chosen.` : '';
}

function beyondText({ shown, direction }: SweepAnalysis['plot']): string {
  if (shown.beyond === 0) return '';
  const edge = numberText(direction === 'maximise' ? shown.low : shown.high, 4);
  return ` In all plots ${counted(shown.beyond, 'trial')} with values worse than ${edge} are drawn as if they had that.`;
}
