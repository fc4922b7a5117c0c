/** Where a worker's time goes. At any moment it does one thing; what it leaves is charged with the time since it began. */
import { Counter, Gauge, type Registry } from 'prom-client';

export type Activity = 'gradient' | 'evaluate' | 'statistics' | 'data wait' | 'weight wait' | 'push' | 'idle';

export class ActivityClock {
  private activity: Activity = 'idle';
  private since = performance.now();
  private readonly seconds: Counter<'activity'>;
  private readonly images: Counter<'kind'>;
  private readonly datasets: Counter;
  private readonly tensors: Gauge;

  constructor(registry: Registry) {
    this.seconds = new Counter({
      name: 'polyak_worker_seconds_total',
      help: 'Seconds by what the worker was doing.',
      labelNames: ['activity'],
      registers: [registry],
      // A counter's collect has its own `this`; an arrow function keeps ours.
      collect: () => this.enter(this.activity),
    });
    this.images = new Counter({
      name: 'polyak_worker_images_total',
      help: 'Samples computed, by kind of lease.',
      labelNames: ['kind'],
      registers: [registry],
    });
    this.datasets = new Counter({
      name: 'polyak_worker_datasets_read_total',
      help: 'Data sets that were read; trials with the same data share one.',
      registers: [registry],
    });
    this.tensors = new Gauge({
      name: 'polyak_worker_tensors',
      help: 'Tensors that TensorFlow held when the last trial had been closed.',
      registers: [registry],
    });
  }

  readingDataset(): void {
    this.datasets.inc();
  }

  closedTrial(tensors: number): void {
    this.tensors.set(tensors);
  }

  enter(activity: Activity): void {
    const now = performance.now();
    this.seconds.inc({ activity: this.activity }, (now - this.since) / 1000);
    this.activity = activity;
    this.since = now;
  }

  computed(kind: string, images: number): void {
    this.images.inc({ kind: kind.toLowerCase() }, images);
  }
}
