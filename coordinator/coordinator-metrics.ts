/** The metrics of the coordinator's process; those of single sweeps are in sweep-metrics.ts. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { countedFrom0 } from '../common/observability.js';
import type { Dispatcher } from './dispatcher.js';
import { RecentSweeps } from './recent-sweeps.js';
import type { Runs } from './runs.js';
import { sweepMetrics } from './sweep-metrics.js';
import type { Sweeps } from './sweep/sweeps.js';
import { queueLength, workersWanted } from './workers-wanted.js';

export interface CoordinatorMetrics {
  reports: Counter<'kind'>;
  runsEnded: Counter<'end'>;
  logLines: Counter<'result'>;
  fenced: Counter;
  assignmentWait: Histogram<'of'>;
  arrivals: Counter<'of'>;
  departures: Counter<'of' | 'reason'>;
  workersOut: Counter;
}

export interface MeasuredParts {
  runs: Runs;
  sweeps: Sweeps;
  dispatcher: Dispatcher;
  coordinatorEpoch: number;
  /** For so long a sweep that has ended is shown. */
  sweepMetricsSeconds: number;
}

/** Those of runs alone and those of trials. */
const trialStates = ['waiting', 'running', 'stopping', 'paused', 'stopped', 'finished', 'diverged', 'failed'];
const sweepStates = ['running', 'paused', 'stopped', 'finished', 'failed'];

export function coordinatorMetrics(registry: Registry, parts: MeasuredParts): CoordinatorMetrics {
  const registers = [registry];
  const recent = new RecentSweeps(parts.sweeps, parts.sweepMetricsSeconds);
  measureProcesses(registry, parts.dispatcher);
  measureFingerprints(registry, parts.dispatcher);
  measureTrials(registry, parts, recent);
  sweepMetrics(registry, recent);
  new Gauge({
    name: 'polyak_coordinator_epoch',
    help: 'Raised at each start of a coordinator on the store.',
    registers,
  }).set(parts.coordinatorEpoch);
  return {
    reports: countedFrom0(
      new Counter({
        name: 'polyak_coordinator_reports_total',
        help: 'Reports of lead shards, and of the clients of external sweeps, by kind.',
        labelNames: ['kind'],
        registers,
      }),
      'kind',
      ['PROGRESS', 'EPOCH', 'PAUSED', 'NOTICE', 'END'],
    ),
    runsEnded: countedFrom0(
      new Counter({
        name: 'polyak_coordinator_runs_ended_total',
        help: 'Runs alone and runs of trials that have reported their end, by how they ended.',
        labelNames: ['end'],
        registers,
      }),
      'end',
      ['finished', 'diverged', 'failed', 'stopped'],
    ),
    logLines: countedFrom0(
      new Counter({
        name: 'polyak_coordinator_log_lines_total',
        help: 'Lines of the logs of trials that processes have sent, by whether they were kept.',
        labelNames: ['result'],
        registers,
      }),
      'result',
      ['kept', 'dropped'],
    ),
    fenced: new Counter({
      name: 'polyak_coordinator_fenced_total',
      help: 'Messages refused because their sender has been replaced.',
      registers,
    }),
    workersOut: new Counter({
      name: 'polyak_coordinator_workers_refused_total',
      help: 'Times that a worker was refused by the trial it was given to, or could not go on with it; it is given to others.',
      registers,
    }),
    assignmentWait: assignmentWait(registry),
    ...comingAndGoing(registry),
  };
}

function measureProcesses(registry: Registry, dispatcher: Dispatcher): void {
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
    name: 'polyak_coordinator_workers',
    help: 'Workers that attend now: without a trial, with one, or with one whose server they wait for.',
    labelNames: ['state'],
    registers,
    collect() {
      const places = [...dispatcher.workers.all()];
      const idle = places.filter(({ runs }) => runs.size === 0).length;
      const waiting = dispatcher.workers.waiting().length;
      this.set({ state: 'idle' }, idle);
      this.set({ state: 'waiting' }, waiting);
      this.set({ state: 'busy' }, places.length - idle - waiting);
    },
  });
}

/** Beyond so many fingerprints the rest are one. */
const fingerprintsMax = 10;

function measureFingerprints(registry: Registry, dispatcher: Dispatcher): void {
  new Gauge({
    name: 'polyak_coordinator_workers_by_fingerprint',
    help: `Workers that attend now, by what decides the bits that they compute: the ${fingerprintsMax} most frequent, and "other".`,
    labelNames: ['fingerprint'],
    registers: [registry],
    collect() {
      this.reset();
      const counts = new Map<string, number>();
      for (const { fingerprint } of dispatcher.workers.all()) {
        const name = fingerprint === '' ? 'unknown' : fingerprint;
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      const frequent = [...counts].toSorted((left, right) => right[1] - left[1]);
      for (const [place, [name, count]] of frequent.entries())
        this.inc({ fingerprint: place < fingerprintsMax ? name : 'other' }, count);
    },
  });
}

function measureTrials(registry: Registry, { runs, sweeps, dispatcher }: MeasuredParts, recent: RecentSweeps): void {
  const registers = [registry];
  new Gauge({
    name: 'polyak_coordinator_trials',
    help: 'Runs alone, and trials of sweeps that have not ended or not long ago, by state.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const state of trialStates) this.set({ state }, 0);
      for (const { state } of runs.alone()) this.inc({ state });
      for (const { counts } of recent.all()) {
        for (const [state, count] of Object.entries(counts)) this.inc({ state }, count);
      }
    },
  });
  new Gauge({
    name: 'polyak_coordinator_sweeps',
    help: 'Sweeps that have not ended or not long ago, by state.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const state of sweepStates) this.set({ state }, 0);
      for (const { state } of recent.all()) this.inc({ state });
    },
  });
  new Gauge({
    name: 'polyak_coordinator_queue_length',
    help: 'Runs that could begin or go on now and have no worker.',
    registers,
    collect() {
      this.set(queueLength(runs, sweeps));
    },
  });
  new Gauge({
    name: 'polyak_coordinator_trials_without_suitable_worker',
    help: 'Runs that could go on, and are refused to every worker that attends.',
    registers,
    collect() {
      this.set(dispatcher.stranded().length);
    },
  });
  new Gauge({
    name: 'polyak_workers_wanted',
    help: 'Workers that what waits and runs could use now, within the limits of each sweep; 0 when there is nothing to do.',
    registers,
    collect() {
      this.set(workersWanted(runs, sweeps));
    },
  });
}

function assignmentWait(registry: Registry): Histogram<'of'> {
  const histogram = new Histogram({
    name: 'polyak_coordinator_assignment_wait_seconds',
    help: 'How long runs of sweeps waited to be given to a worker, and workers to be given one.',
    labelNames: ['of'],
    buckets: [0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 36_000],
    registers: [registry],
  });
  histogram.zero({ of: 'trial' });
  histogram.zero({ of: 'worker' });
  return histogram;
}

function comingAndGoing(registry: Registry): Pick<CoordinatorMetrics, 'arrivals' | 'departures'> {
  const registers = [registry];
  const arrivals = new Counter({
    name: 'polyak_coordinator_arrivals_total',
    help: 'Times that a server or worker began to attend.',
    labelNames: ['of'],
    registers,
  });
  const departures = new Counter({
    name: 'polyak_coordinator_departures_total',
    help: 'Times that a server or worker ceased to attend, by reason.',
    labelNames: ['of', 'reason'],
    registers,
  });
  for (const of of ['server', 'worker']) {
    arrivals.inc({ of }, 0);
    for (const reason of ['left', 'stream broken', 'silent', 'replaced']) departures.inc({ of, reason }, 0);
  }
  return { arrivals, departures };
}
