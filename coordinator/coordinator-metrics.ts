/** What the coordinator counts. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Dispatcher } from './dispatcher.js';
import type { Store } from './store.js';

export interface CoordinatorMetrics {
  reports: Counter<'kind'>;
  fenced: Counter;
}

export function coordinatorMetrics(registry: Registry, store: Store, dispatcher: Dispatcher): CoordinatorMetrics {
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
    help: 'Trials in the store by state.',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset();
      for (const { state } of store.trials()) this.inc({ state });
    },
  });
  new Gauge({
    name: 'polyak_coordinator_epoch',
    help: 'Raised at each start of a coordinator on the store.',
    registers,
  }).set(store.coordinatorEpoch);
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
