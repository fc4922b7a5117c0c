/** The metrics of a server process. No trial's name is ever a label. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type ShardMetrics = ReturnType<typeof serverMetrics>;

export function serverMetrics(registry: Registry) {
  const registers = [registry];
  return {
    pushes: new Counter({
      name: 'polyak_server_pushes_total',
      help: 'Chunk frames received, by what became of them.',
      labelNames: ['result'],
      registers,
    }),
    receivedBytes: new Counter({ name: 'polyak_server_received_bytes_total', help: 'Floats received.', registers }),
    sentBytes: new Counter({ name: 'polyak_server_sent_bytes_total', help: 'Floats sent.', registers }),
    steps: new Counter({ name: 'polyak_server_steps_total', help: 'Steps completed by trials led here.', registers }),
    stepSeconds: new Histogram({
      name: 'polyak_server_step_duration_seconds',
      help: 'From the first lease of a step to its last held leaf.',
      buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
      registers,
    }),
    leases: new Gauge({ name: 'polyak_server_leases', help: 'Leases outstanding in trials led here.', registers }),
    leasesReissued: new Counter({
      name: 'polyak_server_leases_reissued_total',
      help: 'Leases taken back and given out again, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    fenced: new Counter({
      name: 'polyak_server_fenced_total',
      help: 'Messages refused because the sender speaks for something replaced.',
      labelNames: ['what'],
      registers,
    }),
    rollbacks: new Counter({
      name: 'polyak_server_rollbacks_total',
      help: 'Incarnations begun after the first, in trials led here.',
      registers,
    }),
    workers: new Gauge({ name: 'polyak_server_workers', help: 'Workers admitted to trials led here.', registers }),
    memoryWaits: new Counter({
      name: 'polyak_server_memory_waits_total',
      help: 'Attempts to begin a trial led here for which a shard had no memory left.',
      registers,
    }),
    workersLost: new Counter({
      name: 'polyak_server_workers_lost_total',
      help: 'Workers whose control stream broke or fell silent, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    checkpointSeconds: new Histogram({
      name: 'polyak_server_checkpoint_duration_seconds',
      help: 'Writing and syncing one shard file.',
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
      registers,
    }),
  };
}
