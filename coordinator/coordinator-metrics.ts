/** What the coordinator counts. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Dispatcher } from './dispatcher.js';
import type { Runs } from './runs.js';
import type { Sweeps } from './sweep/sweeps.js';

export interface CoordinatorMetrics {
  reports: Counter<'kind'>;
  fenced: Counter;
}

export interface MeasuredParts {
  runs: Runs;
  sweeps: Sweeps;
  dispatcher: Dispatcher;
  coordinatorEpoch: number;
}

export function coordinatorMetrics(registry: Registry, parts: MeasuredParts): CoordinatorMetrics {
  const { runs, sweeps, dispatcher, coordinatorEpoch } = parts;
  const registers = [registry];
  new Gauge({
    name: 'polyak_coordinator_processes',
    help: 'Servers and workers that attend now.',
    labelNames: ['of'],
    registers,
    collect() {
      this.set({ of: 'server' }, dispatcher.count('SERVER'));
      this.set({ of: 'worker' }, dispatcher.count('WORKER'));
    },
  });
  new Gauge({
    name: 'polyak_coordinator_trials',
    help: 'Runs alone and trials of sweeps that are not finished, by state.',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset();
      for (const { state } of runs.alone()) this.inc({ state });
      for (const { counts } of sweeps.all()) {
        for (const [state, count] of Object.entries(counts)) this.inc({ state }, count);
      }
    },
  });
  new Gauge({
    name: 'polyak_coordinator_sweeps',
    help: 'Sweeps that are not finished, by state.',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset();
      for (const { state } of sweeps.all()) this.inc({ state });
    },
  });
  new Gauge({
    name: 'polyak_coordinator_epoch',
    help: 'Raised at each start of a coordinator on the store.',
    registers,
  }).set(coordinatorEpoch);
  return {
    reports: new Counter({
      name: 'polyak_coordinator_reports_total',
      help: 'Reports of lead shards, by kind.',
      labelNames: ['kind'],
      registers,
    }),
    fenced: new Counter({
      name: 'polyak_coordinator_fenced_total',
      help: 'Messages refused because their sender has been replaced.',
      registers,
    }),
  };
}
