/**
 * A plot of an inspection: the deviations of activations and gradients from layer to layer, and below them how the
 * activations of each layer are spread.
 */
import type { EChartsOption } from 'echarts';
import { axisLook, labelText, logTicks, still, tickText } from '../report/plot-scale.js';
import { colours, renderPlot } from '../report/render-plot.js';
import { figure } from './figure.js';
import { isComputing, type InspectedLayer, type Inspection } from './inspection.js';

const width = 860;
const left = 64;
const right = 28;
const curves = { top: 64, height: 220 };
const perRow = 5;
const cell = { width: (width - left - right) / perRow, height: 120 };
const histogramsTop = curves.top + curves.height + 100;
/** Of the last that are drawn, so that a deep network does not make an endless picture. */
const histogramsMax = 40;

/** An SVG file. */
export function inspectionPlot(name: string, inspection: Inspection): string {
  const layers = inspection.layers.filter(isComputing);
  const spread = layers.filter(({ units }) => units !== null).slice(-histogramsMax);
  const height = histogramsTop + Math.ceil(spread.length / perRow) * cell.height;
  const panels = spread.map(histogramOf);
  const option: EChartsOption = {
    title: [titleAt(`${name} at initialisation: deviations by layer`, left, 8), ...panels.map(({ title }) => title)],
    legend: {
      ...{ top: 32, left, itemGap: 30, itemHeight: 10, textStyle: { color: colours.ink }, selectedMode: false },
      data: lines.map((line) => line.name),
    },
    grid: [{ left, right, ...curves }, ...panels.map(({ grid }) => grid)],
    xAxis: [layerAxis(layers), ...panels.map(({ xAxis }, index) => ({ ...xAxis, gridIndex: index + 1 }))],
    yAxis: [deviationAxis(layers), ...panels.map(({ yAxis }, index) => ({ ...yAxis, gridIndex: index + 1 }))],
    series: [
      ...lines.map((line) => curveOf(line, layers)),
      ...panels.map(({ series }, index) => ({ ...series, xAxisIndex: index + 1, yAxisIndex: index + 1 })),
    ],
  };
  const label = `Deviations of activations and gradients of ${name}, layer by layer, and histograms of the activations`;
  return renderPlot('inspection', label, { width, height }, option);
}

interface Line {
  name: string;
  colour: string;
  of: (layer: InspectedLayer) => number | undefined;
}

const lines: Line[] = [
  { name: 'activations', colour: colours.point, of: ({ output }) => output.deviation },
  { name: 'gradient by activations', colour: colours.best, of: ({ outputGradient }) => outputGradient?.deviation },
  { name: 'gradient by weights', colour: colours.scale[3], of: ({ weights }) => weights?.gradient.deviation },
];

/** A deviation of 0 has no place on the axis, and is a gap. */
function curveOf({ name, colour, of }: Line, layers: readonly InspectedLayer[]) {
  const data = layers.map((layer, index) => [index, placed(of(layer)) ?? '-']);
  const look = { symbolSize: 5, color: colour, lineStyle: { color: colour, width: 2 }, connectNulls: true };
  return { ...still, ...look, type: 'line' as const, name, data };
}

function placed(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
}

function layerAxis(layers: readonly InspectedLayer[]) {
  const data = layers.map(({ name }) => labelText(name, 24));
  const axisLabel = { ...axisLook.axisLabel, rotate: 45, hideOverlap: true };
  return { type: 'category' as const, data, ...axisLook, axisLabel, splitLine: { show: false } };
}

function deviationAxis(layers: readonly InspectedLayer[]) {
  const values = layers.flatMap((layer) => lines.flatMap(({ of }) => placed(of(layer)) ?? []));
  const exponents = values.map((value) => Math.log10(value));
  const low = 10 ** Math.floor(Math.min(...exponents, 0));
  const high = 10 ** Math.ceil(Math.max(...exponents, 0));
  const customValues = logTicks(low, high > low ? high : low * 10);
  return {
    ...{ type: 'log' as const, min: low, max: high > low ? high : low * 10, ...axisLook },
    axisTick: { ...axisLook.axisTick, customValues },
    axisLabel: {
      ...axisLook.axisLabel,
      formatter: (value: number) => tickText(value),
      customValues,
      hideOverlap: true,
    },
    splitLine: { ...axisLook.splitLine, customValues },
  };
}

function titleAt(text: string, x: number, top: number, fontSize = 14) {
  return { text: labelText(text, 80), left: x, top, textStyle: { color: colours.ink, fontSize } };
}

function histogramOf({ name, histogram: { from, to, counts } }: InspectedLayer, index: number) {
  const x = left + (index % perRow) * cell.width;
  const y = histogramsTop + Math.floor(index / perRow) * cell.height;
  const data = counts.map((_, bin) => figure(from + ((bin + 0.5) * (to - from)) / counts.length));
  const ends = (bin: number) => (bin === 0 ? tickText(from, 2) : bin === counts.length - 1 ? tickText(to, 2) : '');
  return {
    title: titleAt(name, x, y, 11),
    grid: { left: x, top: y + 22, width: cell.width - 34, height: cell.height - 50 },
    xAxis: {
      ...{ type: 'category' as const, data, axisTick: { show: false }, axisLine: axisLook.axisLine },
      axisLabel: { ...axisLook.axisLabel, fontSize: 9, interval: 0, formatter: (_: string, bin: number) => ends(bin) },
    },
    yAxis: { type: 'value' as const, show: false },
    series: {
      ...{ ...still, type: 'bar' as const, data: [...counts], barCategoryGap: '0%' },
      itemStyle: { color: colours.point },
    },
  };
}
