/**
 * What a person sees of a sweep: on a terminal a few lines that stay in place, elsewhere a line per trial that ends. Text out of
 * lines of the sweep; nothing here knows where they come from.
 */
import { createLogUpdate } from 'log-update';
import type { SweepLine } from '../../coordinator/sweep/log-line.js';
import type { RunProgress } from '../../coordinator/sweep/progress.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { duration } from '../live-view.js';
import { fitted, withoutControls } from '../terminal-text.js';
import { costOf } from './cost-of.js';
import { parametersText } from './parameters-text.js';

export interface SweepView {
  show(line: SweepLine): void;
  /** Leaves the last lines where they are. */
  close(): void;
}

interface Output {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

const runningShown = 8;

export function sweepView(output: Output & NodeJS.WritableStream, json: boolean): SweepView {
  if (json) return { show: (line) => output.write(`${JSON.stringify(line)}\n`), close: () => undefined };
  const narrator = new Narrator();
  if (output.isTTY !== true || output.columns === 0) {
    return {
      show: (line) => {
        for (const text of narrator.tell(line)) output.write(`${text}\n`);
      },
      close: () => undefined,
    };
  }
  const update = createLogUpdate(output);
  return {
    show: (line) => {
      const told = narrator.tell(line);
      if (told.length > 0) {
        update.clear();
        for (const text of told) output.write(`${withoutControls(text)}\n`);
      }
      if (line.event === 'progress') {
        update(progressLines(line as unknown as ProgressLine, output.columns ?? 80).join('\n'));
      }
    },
    close: () => {
      update.clear();
      update.done();
    },
  };
}

/** What is told once and stays: a line per trial that is over, and what the search decides. */
export class Narrator {
  private readonly values = new Map<number, { epoch: number; value: number | null }>();
  private readonly parameters = new Map<number, string>();
  private best: { value: number; trial: number } | undefined;
  private direction: 'maximise' | 'minimise' = 'maximise';

  tell(line: SweepLine): string[] {
    switch (line.event) {
      case 'progress':
        this.direction = (line as unknown as ProgressLine).direction;
        return [];
      case 'created':
        this.parameters.set(Number(line['trial']), parametersText(line['parameters'] as Record<string, unknown>));
        return [];
      case 'report':
        return this.report(line);
      case 'finished':
        return [this.over(line, 'finished')];
      case 'failed':
        return [this.over(line, `failed: ${String(line['reason'])}`)];
      case 'stop':
        return [this.over(line, `stopped: ${String(line['reason'])}`)];
      case 'create':
        return (line['explanation'] as string[] | undefined) ?? [];
      case 'notice':
        return [`note: ${String(line['message'])}`];
      default:
        return [];
    }
  }

  private report(line: SweepLine): string[] {
    const { trial, epoch, value } = line as unknown as { trial: number; epoch: number; value: number | null };
    if (value === undefined) return [];
    this.values.set(trial, { epoch, value });
    const sign = this.direction === 'maximise' ? 1 : -1;
    if (value !== null && (!this.best || sign * value > sign * this.best.value)) this.best = { value, trial };
    return [];
  }

  private over(line: SweepLine, how: string): string {
    const trial = Number(line['trial']);
    const last = this.values.get(trial);
    const place = last ? `epoch ${last.epoch}  ${last.value === null ? '-' : last.value.toFixed(4)}  ` : '';
    const best = this.best ? `  best ${this.best.value.toFixed(4)} (trial ${this.best.trial})` : '';
    const text = `trial ${trial}  ${place}${how}  ${this.parameters.get(trial) ?? ''}${best}`;
    this.values.delete(trial);
    this.parameters.delete(trial);
    return text;
  }
}

export type ProgressLine = SweepSnapshot & { running: RunProgress[] };

/** At most twelve lines, each of at most so many columns of a terminal. */
export function progressLines(snapshot: ProgressLine, columns: number): string[] {
  const { counts, trials, best, spent, running, metric } = snapshot;
  const over = counts.finished + counts.stopped + counts.failed;
  const total = trials ?? over + counts.running + counts.paused + counts.waiting;
  const width = Math.max(10, Math.min(30, columns - 60));
  const filled = Math.round((total > 0 ? over / total : 0) * width);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
  const states = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`);
  const left = over > 0 && over < total ? `  ${duration((spent.seconds / over) * (total - over))} left` : '';
  const cost = costOf(snapshot);
  const whole = cost === undefined || cost.projected === null ? '' : ` of about ${cost.projected.toFixed(2)}`;
  const price = cost ? `  cost ${cost.spent.toFixed(2)}${whole}` : '';
  const lines = [
    `${bar} ${over}/${total} trials  ${states.join(', ')}`,
    `${duration(spent.seconds)}  ${spent.epochs} epochs${price}${left}`,
  ];
  if (best) {
    lines.push(
      `best ${metric} ${best.value.toFixed(4)}  trial ${best.trial}, epoch ${best.epoch}  ${parametersText(best.columns)}`,
    );
  }
  const shown = running.toSorted((a, b) => a.trial - b.trial).slice(0, runningShown);
  for (const { trial, epoch, epochs, step, steps, loss, workers } of shown) {
    const share = `${Math.round((100 * step) / Math.max(1, steps))} %`.padStart(5);
    const helpers = workers > 1 ? `  ${workers} workers` : '';
    lines.push(
      `  trial ${trial}  ${share}  epoch ${epoch}/${epochs}  loss ${loss === null ? '-' : loss.toFixed(4)}${helpers}`,
    );
  }
  if (running.length > runningShown) lines.push(`  and ${running.length - runningShown} more`);
  return lines.map((line) => fitted(line, columns));
}
