/** Plots of the objective's value: the best so far, over trials and over compute, and over each parameter. */
import type { EChartsOption } from 'echarts';
import type { Direction } from '../../coordinator/search/log.js';
import { plainText } from './plain-text.js';
import { placeOn, type ParameterAxis } from './parameter-axis.js';
import { axisLook, numberScale, parameterScale, valueScale, within } from './plot-scale.js';
import { colours, type Size } from './render-plot.js';
import { quantileOf, thinned, type Shown, type SoFar, type TrialWithResult } from './trial-results.js';

export interface ValuePlot {
  metric: string;
  direction: Direction;
  shown: Shown;
}

export const curveSize: Size = { width: 860, height: 340 };
export const panelSize: Size = { width: 420, height: 300 };

const grid = {
  left: 16,
  right: 28,
  top: 36,
  bottom: 34,
  outerBoundsMode: 'same' as const,
  outerBoundsContain: 'axisLabel' as const,
};
const still = { silent: true, progressive: 0, large: false };

/** What is counted along the horizontal axis. */
export interface Along {
  title: string;
  at: (entry: SoFar) => number;
}

/** A point per trial, and the best by then as a line of steps. */
export function bestSoFarPlot(
  curve: readonly SoFar[],
  along: Along,
  { metric, shown }: ValuePlot,
  pointsMax: number,
): EChartsOption {
  const points = thinned(curve, pointsMax).map((entry) => [along.at(entry), within(shown, entry.trial.value)]);
  const steps = curve
    .filter(({ best }, index) => index === 0 || index === curve.length - 1 || best !== curve[index - 1]!.best)
    .map((entry) => [along.at(entry), within(shown, entry.best)]);
  return {
    grid,
    legend: {
      top: 4,
      right: 28,
      itemHeight: 10,
      textStyle: { color: colours.ink },
      data: ['trial', 'best so far'],
      selectedMode: false,
    },
    xAxis: countAxis(
      along.title,
      curve.reduce((most, entry) => Math.max(most, along.at(entry)), 0),
    ),
    yAxis: { ...valueScale(shown), ...named(metric) },
    series: [
      {
        ...still,
        type: 'scatter',
        name: 'trial',
        data: points,
        symbolSize: 5,
        itemStyle: { color: colours.point, opacity: 0.55 },
        clip: false,
      },
      {
        ...still,
        type: 'line',
        name: 'best so far',
        step: 'end',
        data: steps,
        symbol: 'none',
        color: colours.best,
        lineStyle: { color: colours.best, width: 2 },
      },
    ],
  };
}

function countAxis(title: string, most: number) {
  return { ...numberScale(0, most), name: title, nameLocation: 'middle' as const, nameGap: 26 };
}

/** At the upper end, beginning at the plot's left side. */
function named(metric: string) {
  return {
    name: plainText(metric, 40),
    nameLocation: 'end' as const,
    nameTextStyle: { ...axisLook.nameTextStyle, align: 'left' as const },
  };
}

/** Value against parameter, in the parameter's own scale; categories have a box each, from all trials. */
export function parameterPlot(
  axis: ParameterAxis,
  trials: readonly TrialWithResult[],
  plot: ValuePlot,
  pointsMax: number,
): EChartsOption {
  const placed = trials.flatMap((trial): [number, number][] => {
    const place = placeOn(axis, trial.columns);
    return place === undefined ? [] : [[place, within(plot.shown, trial.value)]];
  });
  const isBoxed = axis.kind === 'categories';
  const [best] = trials;
  const bestPlace = best && placeOn(axis, best.columns);
  const mark = best && bestPlace !== undefined ? [[bestPlace, within(plot.shown, best.value)]] : [];
  return {
    grid,
    xAxis: { ...parameterScale(axis, 'below'), name: plainText(axis.name, 48), nameLocation: 'middle', nameGap: 26 },
    yAxis: { ...valueScale(plot.shown), ...named(plot.metric) },
    series: [
      ...(isBoxed ? [boxes(axis.categories.length, placed)] : []),
      ...(isBoxed
        ? []
        : [
            {
              ...still,
              type: 'scatter' as const,
              data: thinned(placed, pointsMax),
              symbolSize: 5,
              itemStyle: { color: colours.point, opacity: 0.55 },
              clip: false,
            },
          ]),
      {
        ...still,
        type: 'scatter',
        data: mark,
        symbol: 'diamond',
        symbolSize: 12,
        itemStyle: { color: colours.best },
        clip: false,
        z: 5,
      },
    ],
  };
}

/** From the least to the most, with the quartiles; nothing where a category has no trial. */
function boxes(categories: number, placed: readonly [number, number][]) {
  const data = Array.from({ length: categories }, (_, category) => {
    const values = placed.filter(([place]) => place === category).map(([, value]) => value);
    const sorted = values.toSorted((left, right) => left - right);
    return sorted.length === 0 ? [] : [0, 0.25, 0.5, 0.75, 1].map((part) => quantileOf(sorted, part));
  });
  return {
    type: 'boxplot' as const,
    silent: true,
    data,
    boxWidth: [8, 40],
    itemStyle: { color: colours.box, borderColor: colours.point },
  };
}
