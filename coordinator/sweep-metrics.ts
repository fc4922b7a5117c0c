/**
 * The metrics of single sweeps. Their number is bounded: a sweep has some twenty series however many trials it has, only so
 * many sweeps are shown, and a while after a sweep's end its series are gone. No trial is ever a label.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Direction } from './search/log.js';
import type { Sweep } from './sweep/sweep.js';
import type { Sweeps } from './sweep/sweeps.js';

/** Sweeps that have series of their own. */
export const sweepsShownMax = 100;
/** Trials of a sweep whose objectives are shown. */
export const ranksShown = 5;

/** Those that have not ended, or ended less than `keptSeconds` ago. */
export function recentSweeps<Each extends Pick<Sweep, 'row'>>(
  sweeps: Iterable<Each>,
  now: number,
  keptSeconds: number,
): Each[] {
  return [...sweeps].filter(
    ({ row: { endedAt } }) => endedAt === null || now - Date.parse(endedAt) < keptSeconds * 1000,
  );
}

/** The newest of them, and before all those that have not ended. */
export function shownSweeps<Each extends Pick<Sweep, 'row'>>(recent: readonly Each[]): Each[] {
  const hasEnded = ({ row }: Each) => Number(row.endedAt !== null);
  return recent
    .toSorted(
      (left, right) =>
        hasEnded(left) - hasEnded(right) || Date.parse(right.row.createdAt) - Date.parse(left.row.createdAt),
    )
    .slice(0, sweepsShownMax);
}

export function sweepMetrics(registry: Registry, sweeps: Pick<Sweeps, 'all'>, keptSeconds: number): void {
  const registers = [registry];
  const shown = () => shownSweeps(recentSweeps(sweeps.all(), Date.now(), keptSeconds));
  for (const { name, help, labelNames, samples } of gauges) {
    new Gauge({
      ...{ name, help, labelNames: ['sweep', ...labelNames], registers },
      collect() {
        this.reset();
        for (const sweep of shown()) {
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
        for (const sweep of shown()) this.inc({ sweep: sweep.key }, total(sweep));
      },
    });
  }
}

interface SweepGauge {
  name: string;
  help: string;
  /** Beside `sweep`. */
  labelNames: string[];
  samples: (sweep: Sweep) => (readonly [labels: Record<string, string>, value: number])[];
}

const gauges: readonly SweepGauge[] = [
  {
    name: 'polyak_sweep_info',
    help: 'Always 1; its labels say what a sweep is called and what it looks for.',
    labelNames: ['name', 'metric', 'direction'],
    samples: ({ row: { name }, plan: { search } }) => [
      [{ name, metric: search.metric, direction: search.direction }, 1],
    ],
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
    samples: ({ best }) => (best ? [[{}, best.value]] : []),
  },
  {
    name: 'polyak_top_trial_objective',
    help: 'The newest objectives of trials of a sweep that have begun and are not over, by rank: 1 is the best.',
    labelNames: ['rank'],
    samples: (sweep) => topObjectives(sweep).map((value, index) => [{ rank: String(index + 1) }, value]),
  },
  {
    name: 'polyak_sweep_budget_left_ratio',
    help: 'The share of a budget of a sweep that is left, of budgets that it has.',
    labelNames: ['budget'],
    samples: (sweep) => Object.entries(budgetLeft(sweep)).map(([budget, left]) => [{ budget }, left]),
  },
];

const counters: readonly { name: string; help: string; total: (sweep: Sweep) => number }[] = [
  {
    name: 'polyak_sweep_epochs_total',
    help: 'Epochs that the runs of a sweep have trained, all together.',
    total: ({ spending }) => spending.epochs,
  },
  {
    name: 'polyak_sweep_compute_seconds_total',
    help: 'Seconds that workers, or clients, had runs of a sweep, all together.',
    total: ({ spending }) => spending.computeSeconds,
  },
];

function topObjectives(sweep: Sweep): number[] {
  const { direction } = sweep.plan.search;
  const values = [...sweep.activeTrials()].flatMap(({ row: { value } }) => (value === null ? [] : [value]));
  return values.toSorted((left, right) => compare(left, right, direction)).slice(0, ranksShown);
}

function compare(left: number, right: number, direction: Direction): number {
  return direction === 'maximise' ? right - left : left - right;
}

/** From 1 to 0, of those that it has. */
function budgetLeft({ settings: { budget }, spending, counts }: Sweep): Record<string, number> {
  const spent = [
    ['time', spending.seconds, budget.time],
    ['compute time', spending.computeSeconds, budget.computeTime],
    ['epochs', spending.epochs, budget.epochs],
    // So many may fail; one more ends the sweep.
    ['failed trials', counts.failed, budget.failedTrials === undefined ? undefined : budget.failedTrials + 1],
  ] as const;
  return Object.fromEntries(
    spent.flatMap(([name, used, most]) => (most === undefined ? [] : [[name, Math.max(0, 1 - used / most)]])),
  );
}
