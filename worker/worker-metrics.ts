/** The metrics of a worker process. No trial's name is ever a label. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { countedFrom0 } from '../common/observability.js';
import { activities, type ActivityClock } from './activity.js';
import type { TensorMemory } from './compute-message.js';
import type { DeviceMemory } from './device-memory.js';

export interface WorkerMetrics {
  images: Counter<'kind'>;
  datasets: Counter;
  /** Tensors that are left when a trial has been closed. */
  tensorsLeft: Gauge;
}

export interface MeasuredWorker {
  activity: ActivityClock;
  /** What TensorFlow holds, as the compute thread said last; undefined before it has computed. */
  tensors: () => TensorMemory | undefined;
  deviceMemory: () => Promise<DeviceMemory[]>;
  /** Trials that it has joined and not been told to drop. */
  trials: () => number;
  /** Of the machine. */
  fingerprint: string;
}

export function workerMetrics(registry: Registry, measured: MeasuredWorker): WorkerMetrics {
  const registers = [registry];
  const { activity, tensors, deviceMemory, trials } = measured;
  new Counter({
    name: 'polyak_worker_seconds_total',
    help: 'Seconds by what the worker was doing; of several trials at once, by what comes first.',
    labelNames: ['activity'],
    registers,
    collect() {
      this.reset();
      const seconds = activity.seconds();
      for (const name of activities) this.inc({ activity: name }, seconds[name]);
    },
  });
  new Gauge({
    name: 'polyak_worker_info',
    help: 'Always 1; workers of one fingerprint compute the same bits, and may work on one run.',
    labelNames: ['fingerprint'],
    registers,
  }).set({ fingerprint: measured.fingerprint }, 1);
  new Gauge({
    name: 'polyak_worker_trials',
    help: 'Trials that the worker has joined.',
    registers,
    collect() {
      this.set(trials());
    },
  });
  new Gauge({
    name: 'polyak_worker_tensors',
    help: 'Tensors that TensorFlow held after the last computation.',
    registers,
    collect() {
      this.set(tensors()?.tensors ?? 0);
    },
  });
  new Gauge({
    name: 'polyak_worker_tensor_memory_bytes',
    help: 'Bytes of the tensors that TensorFlow held after the last computation, on whichever device.',
    registers,
    collect() {
      this.set(tensors()?.bytes ?? 0);
    },
  });
  new Gauge({
    name: 'polyak_worker_device_memory_bytes',
    help: 'Memory of the device that computes: what is in use, of a GPU by whatever process, and the most there is.',
    labelNames: ['device', 'state'],
    registers,
    async collect() {
      const devices = await deviceMemory();
      this.reset();
      for (const { device, used, limit } of devices) {
        this.set({ device, state: 'used' }, used);
        this.set({ device, state: 'limit' }, limit);
      }
    },
  });
  return {
    images: countedFrom0(
      new Counter({
        name: 'polyak_worker_images_total',
        help: 'Samples computed, by kind of lease.',
        labelNames: ['kind'],
        registers,
      }),
      'kind',
      ['gradient', 'evaluate', 'statistics'],
    ),
    datasets: new Counter({
      name: 'polyak_worker_datasets_read_total',
      help: 'Data sets that were read; trials with the same data share one.',
      registers,
    }),
    tensorsLeft: new Gauge({
      name: 'polyak_worker_tensors_left',
      help: 'Tensors that TensorFlow held when the last trial had been closed; they do not grow with the trials.',
      registers,
    }),
  };
}
