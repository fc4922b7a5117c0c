/** The best value so far, over what is counted along the horizontal axis: trials, or compute. */
import type { EChartsOption } from 'echarts';
import { numberScale, plotGrid, still, upperName, valueScale, within, type ValuePlot } from './plot-scale.js';
import { colours, type Size } from './render-plot.js';
import { hasResult, thinned, type SoFar } from './trial-results.js';

export const curveSize: Size = { width: 860, height: 340 };

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
  const results = curve.flatMap((entry): [number, number][] =>
    hasResult(entry.trial) ? [[along.at(entry), within(shown, entry.trial.value)]] : [],
  );
  const steps = curve
    .filter(({ best }, index) => index === 0 || index === curve.length - 1 || best !== curve[index - 1]!.best)
    .map((entry) => [along.at(entry), within(shown, entry.best)]);
  const most = curve.reduce((furthest, entry) => Math.max(furthest, along.at(entry)), 0);
  const [trial, best] = ['trial', 'best so far'];
  return {
    grid: plotGrid,
    legend: {
      ...{ top: 4, right: 28, itemHeight: 10, textStyle: { color: colours.ink }, selectedMode: false },
      data: [trial, best],
    },
    xAxis: { ...numberScale(0, most), name: along.title, nameLocation: 'middle', nameGap: 26 },
    yAxis: { ...valueScale(shown), ...upperName(metric) },
    series: [
      { ...still, ...pointLook, type: 'scatter', name: trial, data: thinned(results, pointsMax) },
      { ...still, ...lineLook, type: 'line', name: best, data: steps },
    ],
  };
}

export const pointLook = { symbolSize: 5, itemStyle: { color: colours.point, opacity: 0.55 }, clip: false };

const lineLook = {
  ...{ step: 'end' as const, symbol: 'none', color: colours.best },
  lineStyle: { color: colours.best, width: 2 },
};
