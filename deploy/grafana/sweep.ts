/** One sweep: its curves, its trials, and what it has spent. */
import type { Section } from './dashboard.js';

const of = (metric: string, more = '') => `${metric}{sweep=~"$sweep"${more}}`;
const named = (expr: string, by: string[]) =>
  `sum by (${['name', 'sweep', ...by].join(', ')}) (${expr} * on (instance, sweep) group_left (name) polyak_sweep_info)`;

export const sweep: readonly Section[] = [
  {
    title: 'Result',
    numbers: [
      {
        title: 'Best objective',
        description: 'Of any trial and epoch.',
        unit: 'short',
        queries: { '{{name}}': named(of('polyak_sweep_best_objective'), []) },
      },
      {
        title: 'Trials over',
        description: 'Finished, stopped or failed, of those created so far.',
        unit: 'percentunit',
        queries: {
          over: `sum(${of('polyak_sweep_trials', ', state=~"finished|stopped|failed"')}) / sum(${of('polyak_sweep_trials')})`,
        },
      },
      {
        title: 'Epochs',
        description: 'That all trials have trained together.',
        unit: 'short',
        queries: { epochs: `sum(${of('polyak_sweep_epochs_total')})` },
      },
      {
        title: "Workers' time",
        description: 'That workers, or clients, had trials of the sweep, all together.',
        unit: 's',
        queries: { time: `sum(${of('polyak_sweep_compute_seconds_total')})` },
      },
    ],
    curves: [
      {
        title: 'Best objective',
        description: 'As it became better.',
        unit: 'short',
        anySize: true,
        queries: { '{{name}}': named(of('polyak_sweep_best_objective'), []) },
      },
      {
        title: 'The best trials under way',
        description:
          'The newest objectives of the five best trials that have begun and are not over; rank 1 is the best.',
        unit: 'short',
        anySize: true,
        queries: { '{{name}} {{rank}}': named(of('polyak_top_trial_objective'), ['rank']) },
      },
    ],
  },
  {
    title: 'Progress',
    numbers: [],
    curves: [
      {
        title: 'Trials by state',
        description: 'Those created so far.',
        unit: 'short',
        queries: { '{{state}}': `sum by (state) (${of('polyak_sweep_trials')})` },
        stacked: true,
      },
      {
        title: 'Budget left',
        description: 'The share of each budget that the sweep has; at 0 it stops at checkpoints.',
        unit: 'percentunit',
        queries: { '{{name}}: {{budget}}': named(of('polyak_sweep_budget_left_ratio'), ['budget']) },
      },
      {
        title: 'Epochs a second',
        description: 'That the trials train, all together.',
        unit: 'ops',
        queries: { '{{name}}': named(`rate(${of('polyak_sweep_epochs_total')}[$__rate_interval])`, []) },
      },
      {
        title: 'Workers at work',
        description: 'Workers, or clients, that have trials of the sweep, on average.',
        unit: 'short',
        queries: { '{{name}}': named(`rate(${of('polyak_sweep_compute_seconds_total')}[$__rate_interval])`, []) },
      },
    ],
  },
];
