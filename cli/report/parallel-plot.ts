/** Parallel coordinates: a line per trial through its parameters to its value, which also gives the colour. */
import type { EChartsOption } from 'echarts';
import { numberText } from './plain-text.js';
import { placeOn, type ParameterAxis } from './parameter-axis.js';
import { labelText, parameterScale, valueScale, within, type ValuePlot } from './plot-scale.js';
import { colours, type Size } from './render-plot.js';
import type { TrialWithResult } from './trial-results.js';

const nameMax = 28;
/** Low values at the top, where the name is too. */
const upsideDown = { inverse: true, nameLocation: 'start' as const };

/** Wide enough for the names above the axes. */
export function parallelSize(axes: readonly ParameterAxis[]): Size {
  const longest = Math.max(...axes.map(({ name }) => Math.min(nameMax, name.length)));
  return { width: Math.max(860, (axes.length + 1) * Math.max(110, 7 * longest + 12)), height: 440 };
}

/** `trials`: the best first; it is drawn last and stronger, so that it stands out. */
export function parallelPlot(
  axes: readonly ParameterAxis[],
  trials: readonly TrialWithResult[],
  { metric, direction, shown }: ValuePlot,
): EChartsOption {
  const last = axes.length;
  const data = trials.map(({ columns, value }) => {
    const places = axes.map((axis) => placeOn(axis, columns) ?? '-');
    return [...places, within(shown, value)];
  });
  const isDown = direction === 'minimise';
  const look = { splitLine: { show: false } };
  const axisLabel = { backgroundColor: colours.paper, padding: [1, 2] };
  const parallelAxisDefault = { nameLocation: 'end' as const, nameGap: 16, axisLabel };
  const series = { type: 'parallel' as const, silent: true, progressive: 0 };
  return {
    parallel: { left: 70, right: 110, top: 50, bottom: 56, parallelAxisDefault },
    parallelAxis: [
      ...axes.map((axis, dim) => ({
        ...parameterScale(axis),
        ...look,
        dim,
        name: labelText(axis.name, nameMax),
      })),
      { ...valueScale(shown), ...look, dim: last, name: labelText(metric, nameMax), ...(isDown && upsideDown) },
    ],
    visualMap: {
      ...{ type: 'continuous', seriesIndex: 0, dimension: last, min: shown.low, max: shown.high },
      ...{ orient: 'horizontal', left: 'center', bottom: 6, calculable: false, itemWidth: 12, itemHeight: 220 },
      ...{ textStyle: { color: colours.ink }, text: [numberText(shown.high, 4), numberText(shown.low, 4)] },
      inRange: { color: isDown ? colours.scale.toReversed() : [...colours.scale] },
    },
    series: [
      { ...series, data: data.toReversed(), lineStyle: { width: 1.2, opacity: trials.length > 200 ? 0.3 : 0.6 } },
      { ...series, data: data.slice(0, 1), lineStyle: { width: 3, opacity: 1, color: colours.best } },
    ],
  };
}
