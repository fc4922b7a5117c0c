/** A bar per parameter, with a line of one standard deviation to either side. */
import type { CustomSeriesRenderItem, EChartsOption } from 'echarts';
import type { Estimate } from './parameter-importance.js';
import { axisLook, labelText, tickText } from './plot-scale.js';
import { colours, type Size } from './render-plot.js';

export function importanceSize(parameters: number): Size {
  return { width: 860, height: 70 + 26 * parameters };
}

/** `parameters`: the most important first, which is drawn at the top. */
export function importancePlot(parameters: readonly ({ name: string } & Estimate)[]): EChartsOption {
  return {
    grid: { left: 44, right: 28, top: 8, bottom: 34, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: {
      ...{ type: 'value', ...axisLook, name: 'share of the variance', nameLocation: 'middle', nameGap: 26 },
      axisLabel: { ...axisLook.axisLabel, formatter: (value: number) => tickText(value) },
    },
    yAxis: {
      ...{ type: 'category', inverse: true, ...axisLook, axisTick: { show: false }, splitLine: { show: false } },
      data: parameters.map(({ name }) => labelText(name, 36)),
    },
    series: [
      {
        type: 'bar',
        silent: true,
        data: parameters.map(({ mean }) => mean),
        barWidth: 12,
        itemStyle: { color: colours.point },
      },
      {
        ...{ type: 'custom', silent: true, renderItem: whisker, encode: { x: [1, 2], y: 0 }, z: 5 },
        data: parameters.map(({ mean, deviation }, index) => [index, mean - deviation, mean + deviation]),
      },
    ],
  };
}

const whisker: CustomSeriesRenderItem = (_, api) => {
  const [left, y] = api.coord([api.value(1), api.value(0)]) as [number, number];
  const [right] = api.coord([api.value(2), api.value(0)]) as [number];
  const line = (x1: number, y1: number, x2: number, y2: number) => ({
    ...{ type: 'line' as const, shape: { x1, y1, x2, y2 } },
    style: { stroke: colours.ink, lineWidth: 1.5 },
  });
  return {
    type: 'group',
    children: [line(left, y, right, y), line(left, y - 4, left, y + 4), line(right, y - 4, right, y + 4)],
  };
};
