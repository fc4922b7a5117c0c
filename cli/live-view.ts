/** What a person sees of a run: a few lines that change on a terminal, a line per epoch elsewhere. */
import { createLogUpdate } from 'log-update';
import type { RunEvent } from './follow.js';

export interface View {
  show(event: RunEvent): void;
  close(): void;
}

export function jsonView(write: (line: string) => void): View {
  return { show: (event) => write(`${JSON.stringify(event)}\n`), close: () => undefined };
}

export function humanView(stream: NodeJS.WriteStream): View {
  const update = stream.isTTY ? createLogUpdate(stream) : undefined;
  const print = (line: string) => {
    update?.clear();
    stream.write(`${line}\n`);
  };
  return {
    show(event) {
      if (event.event === 'progress') update?.(progressText(event));
      else if (event.event === 'epoch') print(epochText(event));
      else if (event.event === 'notice' && event['kind'] !== 'lease-failed') print(`  ${String(event['message'])}`);
    },
    close: () => update?.clear(),
  };
}

export function progressText(event: RunEvent): string {
  const { step, steps, epoch, epochs, workers } = event;
  const bar = progressBar(Number(step) / Number(steps));
  const speed = `${Number(event['imagesPerSecond']).toLocaleString('en')} images/s`;
  return [
    `epoch ${String(epoch)}/${String(epochs)}  ${bar}  step ${String(step)}/${String(steps)}`,
    `loss ${number(event['loss'])}  accuracy ${percent(event['accuracy'])}  ${speed}  workers ${String(workers)}  ${String(event['secondsLeft'])} s left`,
  ].join('\n');
}

export function epochText(event: RunEvent): string {
  const validation = event['validation'] as { loss: number; accuracy: number | null } | null;
  const held = validation ? `  validation loss ${number(validation.loss)} accuracy ${percent(validation.accuracy)}` : '';
  return `epoch ${String(event['epoch'])}  loss ${number(event['loss'])}  accuracy ${percent(event['accuracy'])}${held}`;
}

function progressBar(share: number): string {
  const width = 24;
  const full = Math.round(width * Math.min(1, share));
  return '█'.repeat(full) + '░'.repeat(width - full);
}

function number(value: unknown): string {
  return typeof value === 'number' ? value.toPrecision(4) : '-';
}

export function percent(value: unknown): string {
  return typeof value === 'number' ? `${(100 * value).toFixed(2)} %` : '-';
}
