/** An inspection for people: a row for each layer, the loss beside chance, and the findings below. */
import { bold, coloured, listOf, tableOf } from '../table.js';
import { figure, percent } from './figure.js';
import type { Finding } from './findings.js';
import { isComputing, type InspectedLayer, type Inspection } from './inspection.js';

const columns = [
  { title: 'layer' },
  { title: 'activation' },
  ...['mean', 'deviation', 'min', 'max', 'saturated', 'dead', 'equal', 'gradient', 'one sign'].map((title) => ({
    title,
    right: true,
  })),
];

export function inspectionText(title: string, inspection: Inspection, findings: readonly Finding[]): string {
  const { input, layers, loss, targetMean } = inspection;
  const rows = [
    ['input', '', figure(input.mean), figure(input.deviation), figure(input.minimum), figure(input.maximum)],
    ...layers.filter(isComputing).map(rowOf),
  ];
  const chance = targetMean ? "of the targets' mean" : 'of equal outputs';
  const losses = listOf([
    ['loss', `${loss.data.toFixed(4)}, chance ${loss.chance.toFixed(4)} ${chance}`],
    [
      'L1 and L2',
      loss.penalty === 0 ? undefined : `${figure(loss.penalty)}, with it ${(loss.data + loss.penalty).toFixed(4)}`,
    ],
    ['findings', findings.length === 0 ? 'none' : String(findings.length)],
  ]);
  return [bold(title), tableOf(columns, rows), losses, ...findings.map(described)].join('\n\n');
}

function rowOf({ name, activation, output, weights, ...layer }: InspectedLayer): string[] {
  const { mean, deviation, minimum, maximum } = output;
  const shares = [layer.saturated, layer.dead, layer.equal].map(share);
  const gradient = weights ? figure(weights.gradient.deviation) : '-';
  return [
    ...[name, activation ?? '-', figure(mean), figure(deviation), figure(minimum), figure(maximum)],
    ...[...shares, gradient, share(weights?.oneSign ?? null)],
  ];
}

function share(part: number | null): string {
  return part === null ? '-' : percent(part);
}

function described({ message, change }: Finding): string {
  return `${coloured('yellow', message)}\n  change: ${change}`;
}
