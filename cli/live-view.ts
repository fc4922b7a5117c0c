/**
 * What a person sees of a run: on a terminal a few lines that stay in place, elsewhere a line per epoch. Text out of
 * events; nothing here knows where they come from.
 */
import { createLogUpdate } from 'log-update';
import { averageOf, metricNames } from '../common/experiment/metrics.js';
import type { RunEvent } from './follow-run.js';
import { fitted } from './terminal-text.js';
import { scoresIn, scoresOfSplit, wordsOf } from './scores.js';
import { stageTable } from './stage-table.js';

export interface View {
  show(event: RunEvent): void;
  /** Leaves the last lines where they are. */
  close(): void;
}

interface Output {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** The loss, and metrics by their names. */
interface Scores {
  loss?: number | null;
  [metric: string]: number | null | undefined;
}

/** `--json`: the events as they are, one a line. */
export function jsonView(output: Output): View {
  return { show: (event) => output.write(`${JSON.stringify(event)}\n`), close: () => undefined };
}

/** A terminal that does not know its size (it says 0) gets lines too. */
export function textView(output: Output & NodeJS.WritableStream): View {
  return output.isTTY === true && output.columns !== 0 ? terminalView(output) : lineView(output);
}

/** A line per epoch and per notice. */
export function lineView(output: Output): View {
  return {
    show: (event) => {
      const line =
        event.event === 'epoch' ? epochLine(event) : event.event === 'notice' ? noticeLine(event) : undefined;
      if (line !== undefined) output.write(`${line}\n`);
    },
    close: () => undefined,
  };
}

function terminalView(output: NodeJS.WritableStream & Output): View {
  const update = createLogUpdate(output);
  let validation: Scores | undefined;
  const persist = (line: string) => {
    update.clear();
    output.write(`${line}\n`);
  };
  return {
    show: (event) => {
      const { columns = 80 } = output;
      if (event.event === 'started') update(fitted('starting the processes and reading the data …', columns));
      else if (event.event === 'progress') update(progressLines(event, validation, columns).join('\n'));
      else if (event.event === 'epoch') {
        validation = event['validation'] as Scores | undefined;
        persist(epochLine(event));
      } else if (event.event === 'notice') persist(noticeLine(event));
    },
    close: () => {
      update.clear();
      update.done();
    },
  };
}

/** Two lines, each of at most so many columns of a terminal. */
export function progressLines(event: RunEvent, validation: Scores | undefined, columns: number): string[] {
  const step = Number(event['step']);
  const steps = Number(event['steps']);
  const share = steps > 0 ? Math.min(1, step / steps) : 0;
  const width = Math.max(10, Math.min(30, columns - 50));
  const filled = Math.round(share * width);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
  const place = `epoch ${String(event['epoch'])}/${String(event['epochs'])}  step ${step}/${steps}`;
  const scores = [`loss ${number(event['loss'], 4)}`, ...metricsOf(event)];
  const first = scoresOfSplit(validation)[0];
  if (first) scores.push(`validation ${number(first[1], 4)}`);
  const workers = Number(event['workers']);
  const speed = [
    `${Math.round(Number(event['imagesPerSecond']))} images/s`,
    `${workers} worker${workers === 1 ? '' : 's'}`,
  ];
  if (typeof event['secondsLeft'] === 'number') speed.push(`${duration(event['secondsLeft'])} left`);
  return [`${bar} ${place}`, [...scores, ...speed].join('  ')].map((line) => fitted(line, columns));
}

export function epochLine(event: RunEvent): string {
  const validation = event['validation'] as Scores | null | undefined;
  const parts = [
    `epoch ${String(event['epoch'])}`,
    `step ${String(event['step'])}`,
    `loss ${number(event['loss'], 4)}`,
  ];
  parts.push(...metricsOf(event));
  if (validation) parts.push(`validation loss ${number(validation.loss, 4)}`, ...inWords(scoresOfSplit(validation)));
  return parts.join('  ');
}

function noticeLine(event: RunEvent): string {
  return `note: ${String(event['message'])}`;
}

export interface SummaryFacts {
  folder: string;
  /** Arguments of `polyak train` that make this run again, without workers and shards; unknown of one resumed. */
  again: string | undefined;
  workers: number;
  shards: number;
}

/** The last words of a run that finished. */
export function summary(event: RunEvent, facts: SummaryFacts): string {
  const test = event['test'] as Record<string, unknown> | null | undefined;
  const validation = event['validation'] as Scores | null | undefined;
  const lines = [
    `finished after ${String(event['steps'])} steps, ${Math.round(Number(event['imagesPerSecond']))} images/s`,
  ];
  for (const name of metricNames.filter((each) => typeof test?.[each] === 'number')) {
    const values = `${number(test?.[name], 4)} (last weights)  ${number(test?.[averageOf(name)], 4)} (running average)`;
    lines.push(`${`test ${wordsOf(name)}`.padEnd(13)}  ${values}`);
  }
  if (validation)
    lines.push(
      ['validation     loss', [number(validation.loss, 4), ...inWords(scoresOfSplit(validation))].join('  ')].join(' '),
    );
  const stages = stageTable({ validation, test });
  if (stages !== undefined) lines.push('', stages, '');
  lines.push(`weights        sha256 ${String(event['weightsSha256'])}`, `kept in        ${facts.folder}`);
  if (event['reproducible'] === false)
    lines.push('not reproducible: workers with other arithmetic were admitted (numerics: tolerant)');
  if (facts.again !== undefined) {
    const other = facts.workers === 1 ? 2 : 1;
    const command = `npx polyak train ${facts.again} --workers ${other} --shards ${facts.shards === 1 ? 2 : 1}`;
    lines.push(`try next       ${command}   # the same weights, bit for bit`);
  }
  return lines.join('\n');
}

/** Such as `1 h 02 min`, `3 min 05 s`, `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${whole} s`;
}

function number(value: unknown, digits: number): string {
  return typeof value === 'number' ? value.toFixed(digits) : '-';
}

function metricsOf(values: object): string[] {
  return inWords(scoresIn(values));
}

function inWords(scores: [string, number][]): string[] {
  return scores.map(([name, value]) => `${name} ${number(value, 4)}`);
}
