/** Value against one parameter, in the parameter's own scale: points over numbers, a box per category. */
import type { EChartsOption } from 'echarts';
import { pointLook } from './best-so-far-plot.js';
import { placeOn, type CategoryAxis, type NumberAxis, type ParameterAxis } from './parameter-axis.js';
import {
  labelText,
  parameterScale,
  plotGrid,
  still,
  upperName,
  valueScale,
  within,
  type ValuePlot,
} from './plot-scale.js';
import { colours, type Size } from './render-plot.js';
import { quantileOf, thinned, type TrialWithResult } from './trial-results.js';

export function panelSize(axis: ParameterAxis): Size {
  return { width: 420, height: axis.kind === 'categories' ? Math.max(300, 90 + 18 * axis.categories.length) : 300 };
}

/** `trials`: the best first, which is drawn last. Points are thinned to `pointsMax`; boxes are made of all. */
export function parameterPlot(
  axis: ParameterAxis,
  trials: readonly TrialWithResult[],
  plot: ValuePlot,
  pointsMax: number,
): EChartsOption {
  const places = trials.map((trial) => ({
    place: placeOn(axis, trial.columns),
    value: within(plot.shown, trial.value),
  }));
  const present = places.filter((each): each is Placed => each.place !== undefined);
  const best = places.slice(0, 1).filter((each): each is Placed => each.place !== undefined);
  return axis.kind === 'categories'
    ? boxPlot(axis, present, best, plot)
    : pointPlot(axis, thinned(present, pointsMax).toReversed(), best, plot);
}

interface Placed {
  place: number;
  value: number;
}

const bestLook = {
  ...{ type: 'scatter' as const, symbol: 'diamond', symbolSize: 12, clip: false, z: 5 },
  itemStyle: { color: colours.best },
};
const below = { nameLocation: 'middle' as const, nameGap: 26 };

function pointPlot(axis: NumberAxis, points: Placed[], best: Placed[], { metric, shown }: ValuePlot): EChartsOption {
  const data = (placed: Placed[]) => placed.map(({ place, value }) => [place, value]);
  return {
    grid: plotGrid,
    xAxis: { ...parameterScale(axis), ...below, name: labelText(axis.name, 48) },
    yAxis: { ...valueScale(shown), ...upperName(metric) },
    series: [
      { ...still, ...pointLook, type: 'scatter', data: data(points) },
      { ...still, ...bestLook, data: data(best) },
    ],
  };
}

/** The boxes lie, so that there is room for the categories' names; the first is at the top. */
function boxPlot(axis: CategoryAxis, all: Placed[], best: Placed[], { metric, shown }: ValuePlot): EChartsOption {
  const boxes = axis.categories.map((_, category) => {
    const values = all.filter(({ place }) => place === category).map(({ value }) => value);
    const sorted = values.toSorted((left, right) => left - right);
    return sorted.length === 0 ? [] : [0, 0.25, 0.5, 0.75, 1].map((part) => quantileOf(sorted, part));
  });
  return {
    grid: plotGrid,
    xAxis: { ...valueScale(shown), ...below, name: labelText(metric, 48) },
    yAxis: { ...parameterScale(axis), ...upperName(axis.name), nameLocation: 'start', inverse: true },
    series: [
      {
        ...{ type: 'boxplot', silent: true, data: boxes, boxWidth: [6, 32] },
        itemStyle: { color: colours.box, borderColor: colours.point },
      },
      { ...still, ...bestLook, data: best.map(({ place, value }) => [value, place]) },
    ],
  };
}
