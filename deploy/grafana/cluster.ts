/** Who is there, what waits, and how the processes are. */
import type { Section } from './dashboard.js';

const quantile = (q: number, metric: string, by: string) =>
  `histogram_quantile(${q}, sum by (le, ${by}) (rate(${metric}_bucket[$__rate_interval])))`;

/** A metric of NVIDIA's exporter, of each device; the same device may be told of under several pods one after another. */
const device = (metric: string, factor = '') => ({
  '{{Hostname}} {{gpu}}': `max by (Hostname, gpu) (${metric})${factor}`,
});

export const cluster: readonly Section[] = [
  {
    title: 'Work',
    numbers: [
      {
        title: 'Workers',
        description: 'Workers that attend now.',
        unit: 'short',
        queries: { workers: 'sum(polyak_coordinator_processes{of="worker"})' },
      },
      {
        title: 'Workers wanted',
        description: 'As many could be used now, within the limits of each sweep.',
        unit: 'short',
        queries: { wanted: 'sum(polyak_workers_wanted)' },
      },
      {
        title: 'Servers',
        description: 'Shards of the parameter server that attend now.',
        unit: 'short',
        queries: { servers: 'sum(polyak_coordinator_processes{of="server"})' },
      },
      {
        title: 'Queue',
        description: 'Runs that could begin or go on now and have no worker.',
        unit: 'short',
        queries: { queue: 'sum(polyak_coordinator_queue_length)' },
      },
    ],
    curves: [
      {
        title: 'Workers by state',
        description:
          'Idle without a trial, busy with one, or waiting for its server so much that they could have another; and how many are wanted.',
        unit: 'short',
        queries: { '{{state}}': 'sum by (state) (polyak_coordinator_workers)', wanted: 'sum(polyak_workers_wanted)' },
      },
      {
        title: 'Trials by state',
        description: 'Runs alone, and trials of sweeps that have not ended or not long ago.',
        unit: 'short',
        queries: { '{{state}}': 'sum by (state) (polyak_coordinator_trials)' },
        stacked: true,
      },
      {
        title: 'Waiting to be assigned',
        description: 'How long the slowest hundredth of trials waited for a worker, and of workers for a trial.',
        unit: 's',
        queries: { '{{of}}': quantile(0.99, 'polyak_coordinator_assignment_wait_seconds', 'of') },
      },
      {
        title: 'Ends of runs',
        description: 'How runs alone and runs of trials ended, a second.',
        unit: 'ops',
        queries: { '{{end}}': 'sum by (end) (rate(polyak_coordinator_runs_ended_total[$__rate_interval]))' },
      },
      {
        title: 'Reports',
        description: 'What lead shards, and clients of external sweeps, report to the coordinator, by kind.',
        unit: 'ops',
        queries: { '{{kind}}': 'sum by (kind) (rate(polyak_coordinator_reports_total[$__rate_interval]))' },
      },
      {
        title: 'Departures',
        description: 'Processes that ceased to attend: of their own will, or lost.',
        unit: 'ops',
        queries: {
          '{{of}}: {{reason}}': 'sum by (of, reason) (rate(polyak_coordinator_departures_total[$__rate_interval]))',
        },
      },
    ],
  },
  {
    title: 'Processes',
    numbers: [],
    curves: [
      {
        title: 'Processors',
        description: 'Cores that each process uses.',
        unit: 'short',
        queries: {
          '{{role}} {{instance}}':
            'rate(process_cpu_seconds_total{role=~"coordinator|server|worker"}[$__rate_interval])',
        },
      },
      {
        title: 'Memory',
        description: 'Resident memory of each process.',
        unit: 'bytes',
        queries: { '{{role}} {{instance}}': 'process_resident_memory_bytes{role=~"coordinator|server|worker"}' },
      },
      {
        title: 'Delay of the event loop',
        description:
          'How late one timer in a hundred fired since the process started: a process that freezes shows here.',
        unit: 's',
        queries: { '{{role}} {{instance}}': 'polyak_event_loop_delay_seconds{percentile="99"}' },
      },
      {
        title: 'Fenced',
        description: 'Messages refused because an old process runs beside its replacement. They do no harm.',
        unit: 'ops',
        queries: {
          'server: {{what}}': 'sum by (what) (rate(polyak_server_fenced_total[$__rate_interval]))',
          coordinator: 'sum(rate(polyak_coordinator_fenced_total[$__rate_interval]))',
        },
      },
    ],
  },
  {
    // Of dcgm-exporter, which Polyak does not bring. Without it, or without GPUs, the row is empty.
    title: 'GPUs (DCGM)',
    numbers: [],
    curves: [
      {
        title: 'GPU utilisation',
        description: 'The share of the time in which a kernel ran on each GPU, by dcgm-exporter.',
        unit: 'percentunit',
        queries: device('DCGM_FI_DEV_GPU_UTIL', ' / 100'),
      },
      {
        title: 'Tensor cores',
        description: 'The share of the cycles in which they were active. TF32 and half precision use them.',
        unit: 'percentunit',
        queries: device('DCGM_FI_PROF_PIPE_TENSOR_ACTIVE'),
      },
      {
        title: 'GPU memory in use',
        description: 'By whatever process. TensorFlow takes more as it needs it, and gives none back.',
        unit: 'bytes',
        queries: device('DCGM_FI_DEV_FB_USED', ' * 1048576'),
      },
      {
        title: 'GPU memory left',
        description: 'At 0 a worker ends for want of memory.',
        unit: 'bytes',
        queries: device('DCGM_FI_DEV_FB_FREE', ' * 1048576'),
      },
      {
        title: 'GPU power',
        description: 'That each draws.',
        unit: 'watt',
        queries: device('DCGM_FI_DEV_POWER_USAGE'),
      },
      {
        title: 'GPU temperature',
        description: 'Where it is high and the clock falls, the GPU protects itself.',
        unit: 'celsius',
        queries: device('DCGM_FI_DEV_GPU_TEMP'),
      },
      {
        title: 'GPU clock',
        description: 'Of the multiprocessors.',
        unit: 'hertz',
        queries: device('DCGM_FI_DEV_SM_CLOCK', ' * 1e6'),
      },
      {
        title: 'GPU errors',
        description: 'The number of the last XID error of each GPU, 0 where there was none; 79 is a GPU that is lost.',
        unit: 'short',
        queries: device('DCGM_FI_DEV_XID_ERRORS'),
      },
    ],
  },
];
