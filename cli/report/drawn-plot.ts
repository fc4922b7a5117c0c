/** A plot with what a report says of it, drawn. */
import type { EChartsOption } from 'echarts';
import { renderPlot, type Size } from './render-plot.js';
import type { Plot } from './report-block.js';

/** `name`: of its file, and of what is within it. */
export function drawnPlot(name: string, label: string, caption: string, size: Size, option: EChartsOption): Plot {
  return { file: `${name}.svg`, label, caption, svg: renderPlot(name, label, size, option) };
}
