/** How fast is trained, where the time of workers and servers goes, and what is in danger. */
import type { Section } from './dashboard.js';

const rate = (metric: string, by: string) => `sum by (${by}) (rate(${metric}[$__rate_interval]))`;
const total = (metric: string) => `sum(rate(${metric}[$__rate_interval]))`;

export const training: readonly Section[] = [
  {
    title: 'Speed',
    numbers: [
      {
        title: 'Goodput',
        description: 'Samples a second that have moved weights, each once, and that no rollback has lost.',
        unit: 'ops',
        queries: { goodput: 'cluster:polyak_goodput_images:rate5m' },
      },
      {
        title: 'Goodput of what is computed',
        description: 'Below 1, work is done twice or rolled back.',
        unit: 'percentunit',
        queries: { goodput: 'cluster:polyak_goodput:ratio_rate5m' },
      },
      {
        title: 'Efficiency of the workers',
        description: 'The share of their time in which they compute.',
        unit: 'percentunit',
        queries: { efficiency: 'cluster:polyak_worker_efficiency:ratio_rate5m' },
      },
      {
        title: 'Step',
        description: 'The mean duration of a step, from its first lease to its last held leaf.',
        unit: 's',
        queries: { step: 'cluster:polyak_step_duration_seconds:mean5m' },
      },
    ],
    curves: [
      {
        title: 'Samples',
        description: 'Samples a second that workers compute, by kind of lease, and those of completed steps.',
        unit: 'ops',
        queries: {
          '{{kind}}': rate('polyak_worker_images_total', 'kind'),
          'in completed steps': total('polyak_server_images_total'),
        },
      },
      {
        title: "Workers' time",
        description: 'What workers do, as shares of their time.',
        unit: 'percentunit',
        queries: {
          '{{activity}}': `${rate('polyak_worker_seconds_total', 'activity')} / on () group_left () ${total('polyak_worker_seconds_total')}`,
        },
        stacked: true,
      },
      {
        title: 'Duration of steps',
        description: 'The median and the slowest hundredth of all steps.',
        unit: 's',
        queries: Object.fromEntries(
          [0.5, 0.99].map((q) => [
            `${q * 100} %`,
            `histogram_quantile(${q}, ${rate('polyak_server_step_duration_seconds_bucket', 'le')})`,
          ]),
        ),
      },
      {
        title: 'Parts of a step',
        description:
          'Seconds for each step: waiting for workers, and adding, applying and sending on servers. They overlap.',
        unit: 's',
        queries: {
          '{{part}}': `${rate('polyak_server_step_seconds_total', 'part')} / on () group_left () ${total('polyak_server_steps_total')}`,
        },
      },
      {
        title: 'Bytes',
        description: 'Floats that servers receive and send, a second.',
        unit: 'Bps',
        queries: {
          received: total('polyak_server_received_bytes_total'),
          sent: total('polyak_server_sent_bytes_total'),
        },
      },
      {
        title: 'Pushes',
        description: 'Chunk frames, by what became of them.',
        unit: 'ops',
        queries: { '{{result}}': rate('polyak_server_pushes_total', 'result') },
      },
    ],
  },
  {
    title: 'Health',
    numbers: [],
    curves: [
      {
        title: 'Trials, workers and leases of each server',
        description: 'Of all trials that it leads together.',
        unit: 'short',
        queries: {
          'trials {{instance}}': 'sum by (instance) (polyak_server_trials{as="lead"})',
          'workers {{instance}}': 'sum by (instance) (polyak_server_workers)',
          'leases {{instance}}': 'sum by (instance) (polyak_server_leases)',
        },
      },
      {
        title: 'Leases given out again',
        description: 'By reason. Machines that are lost or too slow show here.',
        unit: 'ops',
        queries: { '{{reason}}': rate('polyak_server_leases_reissued_total', 'reason') },
      },
      {
        title: 'Since the last step',
        description: 'Of the trial that has waited longest, on each server.',
        unit: 's',
        queries: { '{{instance}}': 'max by (instance) (polyak_server_step_age_seconds)' },
      },
      {
        title: 'Work that no checkpoint has',
        description: 'So much is done again if the server is lost now.',
        unit: 's',
        queries: { '{{instance}}': 'max by (instance) (polyak_server_checkpoint_age_seconds)' },
      },
      {
        title: 'Checkpoints',
        description: 'How long the slowest tenth of shard files took to write and sync.',
        unit: 's',
        queries: {
          '90 %': `histogram_quantile(0.9, ${rate('polyak_server_checkpoint_duration_seconds_bucket', 'le')})`,
        },
      },
      {
        title: 'Failed writes of checkpoints',
        description: 'To a bucket, on each server. Each is tried again, until then nothing newer is kept.',
        unit: 'ops',
        queries: {
          '{{instance}}': 'sum by (instance) (rate(polyak_server_checkpoint_failures_total[$__rate_interval]))',
        },
      },
      {
        title: 'Gradients that are not finite',
        description: 'Of the gradients that workers announce.',
        unit: 'percentunit',
        queries: {
          share: `${total('polyak_server_gradients_total{result="not finite"}')} / ${total('polyak_server_gradients_total')}`,
        },
      },
      {
        title: 'Staleness of pushes',
        description: 'Steps that a chunk had gone on by when a push for it came, on average.',
        unit: 'short',
        queries: {
          steps: `${total('polyak_server_push_staleness_steps_sum')} / ${total('polyak_server_push_staleness_steps_count')}`,
        },
      },
      {
        title: 'Rollbacks and waits for memory',
        description: 'Of trials, a second.',
        unit: 'ops',
        queries: {
          rollbacks: total('polyak_server_rollbacks_total'),
          'waits for memory': total('polyak_server_memory_waits_total'),
        },
      },
    ],
  },
  {
    title: 'Memory',
    numbers: [],
    curves: [
      {
        title: 'Servers',
        description: 'Weights, optimizer slots and gradients that each holds.',
        unit: 'bytes',
        queries: { '{{instance}}': 'polyak_server_memory_bytes' },
      },
      {
        title: 'Devices of workers',
        description: 'In use on each GPU by whatever process; without one, by the worker itself.',
        unit: 'bytes',
        queries: { '{{instance}} {{device}}': 'polyak_worker_device_memory_bytes{state="used"}' },
      },
      {
        title: 'Bytes of tensors',
        description: 'That TensorFlow held after the last computation of each worker.',
        unit: 'bytes',
        queries: { '{{instance}}': 'polyak_worker_tensor_memory_bytes' },
      },
      {
        title: 'Tensors',
        description:
          'That TensorFlow held after the last computation, and when the last trial had been closed, which does not grow.',
        unit: 'short',
        queries: { '{{instance}}': 'polyak_worker_tensors', '{{instance}}, left': 'polyak_worker_tensors_left' },
      },
    ],
  },
];
