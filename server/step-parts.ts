/**
 * Where a server's time goes in the steps that it takes part in. The parts are measured by whoever does them and read off
 * when somebody asks; they overlap, since a chunk is applied and sent while others still arrive.
 */
import { Counter, type Registry } from 'prom-client';
import { BusyClock } from './busy-clock.js';

export interface ArithmeticSeconds {
  /** Adding gradients. */
  reduce: number;
  /** Clipping, the optimizer's step and the running averages. */
  apply: number;
}

export class StepParts {
  /** Frames of weights given to the transport and not yet taken by it. */
  readonly sending = new BusyClock();
  /** Of the threads, since they were started. */
  arithmetic: () => Readonly<ArithmeticSeconds> = () => ({ reduce: 0, apply: 0 });
  private waitSeconds = 0;

  constructor(registry: Registry) {
    const total = () => ({ wait: this.waitSeconds, ...this.arithmetic(), send: this.sending.seconds });
    new Counter({
      name: 'polyak_server_step_seconds_total',
      help: 'Seconds of steps by part: waiting for workers, and reducing, applying and sending here. They overlap.',
      labelNames: ['part'],
      registers: [registry],
      collect() {
        this.reset();
        const { wait, reduce, apply, send } = total();
        for (const [part, seconds] of Object.entries({ wait, reduce, apply, send })) this.inc({ part }, seconds);
      },
    });
  }

  /** A step of a trial led here waited so long until the last of its gradients was announced. */
  waited(seconds: number): void {
    this.waitSeconds += seconds;
  }
}
