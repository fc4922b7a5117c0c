/**
 * The metrics of single sweeps. Their number is bounded: a sweep has some twenty series however many trials it has, only so
 * many sweeps are shown, and a while after a sweep's end its series are gone. No trial is ever a label.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { RecentSweeps, SweepFacts } from './recent-sweeps.js';

export function sweepMetrics(registry: Registry, sweeps: RecentSweeps): void {
  const registers = [registry];
  for (const { name, help, labelNames, samples } of gauges) {
    new Gauge({
      ...{ name, help, labelNames: ['sweep', ...labelNames], registers },
      collect() {
        this.reset();
        for (const sweep of sweeps.shown()) {
          for (const [labels, value] of samples(sweep)) this.set({ sweep: sweep.key, ...labels }, value);
        }
      },
    });
  }
  for (const { name, help, total } of counters) {
    new Counter({
      ...{ name, help, labelNames: ['sweep'], registers },
      collect() {
        this.reset();
        for (const sweep of sweeps.shown()) this.inc({ sweep: sweep.key }, total(sweep));
      },
    });
  }
}

interface SweepGauge {
  name: string;
  help: string;
  /** Beside `sweep`. */
  labelNames: string[];
  samples: (sweep: SweepFacts) => (readonly [labels: Record<string, string>, value: number])[];
}

const gauges: readonly SweepGauge[] = [
  {
    name: 'polyak_sweep_info',
    help: 'Always 1; its labels say what a sweep is called and what it looks for.',
    labelNames: ['name', 'metric', 'direction'],
    samples: ({ name, metric, direction }) => [[{ name, metric, direction }, 1]],
  },
  {
    name: 'polyak_sweep_trials',
    help: 'Trials of a sweep, by state.',
    labelNames: ['state'],
    samples: ({ counts }) => Object.entries(counts).map(([state, count]) => [{ state }, count]),
  },
  {
    name: 'polyak_sweep_best_objective',
    help: 'The best objective of any trial and epoch of a sweep.',
    labelNames: [],
    samples: ({ best }) => (best === null ? [] : [[{}, best]]),
  },
  {
    name: 'polyak_top_trial_objective',
    help: 'The newest objectives of trials of a sweep that have begun and are not over, by rank: 1 is the best.',
    labelNames: ['rank'],
    samples: ({ top }) => top.map((value, index) => [{ rank: String(index + 1) }, value]),
  },
  {
    name: 'polyak_sweep_budget_left_ratio',
    help: 'The share of a budget of a sweep that is left, of budgets that it has.',
    labelNames: ['budget'],
    samples: ({ budgetLeft }) => Object.entries(budgetLeft).map(([budget, left]) => [{ budget }, left]),
  },
];

const counters: readonly { name: string; help: string; total: (sweep: SweepFacts) => number }[] = [
  {
    name: 'polyak_sweep_epochs_total',
    help: 'Epochs that the runs of a sweep have trained, all together.',
    total: ({ epochs }) => epochs,
  },
  {
    name: 'polyak_sweep_compute_seconds_total',
    help: 'Seconds that workers, or clients, had runs of a sweep, all together.',
    total: ({ computeSeconds }) => computeSeconds,
  },
];
