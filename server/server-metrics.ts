/**
 * The metrics of a server process. No trial's name is ever a label: what is of trials is added up over all of them, or is
 * that of the one that is worst off.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { countedFrom0 } from '../common/observability.js';
import { StepParts } from './step-parts.js';
import type { TrialTable } from './trial-table.js';

export type ShardMetrics = ReturnType<typeof serverMetrics>;

export function serverMetrics(registry: Registry) {
  const registers = [registry];
  return {
    pushes: countedFrom0(
      new Counter({
        name: 'polyak_server_pushes_total',
        help: 'Chunk frames received, by what became of them.',
        labelNames: ['result'],
        registers,
      }),
      'result',
      ['applied', 'duplicate', 'stale', 'refused', 'fenced'],
    ),
    staleness: new Histogram({
      name: 'polyak_server_push_staleness_steps',
      help: 'Steps that a chunk had gone on by when a push for it came; such a push is dropped unless it is 0.',
      buckets: [0, 1, 2, 4, 8, 16],
      registers,
    }),
    receivedBytes: new Counter({
      name: 'polyak_server_received_bytes_total',
      help: 'Bytes of floats received.',
      registers,
    }),
    sentBytes: new Counter({ name: 'polyak_server_sent_bytes_total', help: 'Bytes of floats sent.', registers }),
    steps: new Counter({ name: 'polyak_server_steps_total', help: 'Steps completed by trials led here.', registers }),
    images: new Counter({
      name: 'polyak_server_images_total',
      help: 'Samples of the steps completed by trials led here, each once, whoever else computed it too.',
      registers,
    }),
    imagesRolledBack: new Counter({
      name: 'polyak_server_images_rolled_back_total',
      help: 'Samples of completed steps that a rollback has lost, since no checkpoint had them.',
      registers,
    }),
    stepSeconds: new Histogram({
      name: 'polyak_server_step_duration_seconds',
      help: 'From the first lease of a step to its last held leaf.',
      buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
      registers,
    }),
    parts: new StepParts(registry),
    gradients: countedFrom0(
      new Counter({
        name: 'polyak_server_gradients_total',
        help: 'Sums of gradients that workers announced to trials led here, by whether they were finite.',
        labelNames: ['result'],
        registers,
      }),
      'result',
      ['finite', 'not finite'],
    ),
    leasesReissued: countedFrom0(
      new Counter({
        name: 'polyak_server_leases_reissued_total',
        help: 'Leases taken back and given out again, by reason.',
        labelNames: ['reason'],
        registers,
      }),
      'reason',
      ['worker lost', 'deadline', 'failed', 'not finite'],
    ),
    fenced: countedFrom0(
      new Counter({
        name: 'polyak_server_fenced_total',
        help: 'Messages refused because the sender speaks for something replaced.',
        labelNames: ['what'],
        registers,
      }),
      'what',
      ['control', 'coordinator', 'follow', 'lead', 'push', 'weights'],
    ),
    rollbacks: new Counter({
      name: 'polyak_server_rollbacks_total',
      help: 'Incarnations begun after the first, in trials led here.',
      registers,
    }),
    memoryWaits: new Counter({
      name: 'polyak_server_memory_waits_total',
      help: 'Attempts to begin a trial led here for which a shard had no memory left.',
      registers,
    }),
    workersLost: countedFrom0(
      new Counter({
        name: 'polyak_server_workers_lost_total',
        help: 'Workers that a trial led here has lost, by reason.',
        labelNames: ['reason'],
        registers,
      }),
      'reason',
      ['left', 'reconnected', 'silent', 'stream broken'],
    ),
    checkpointFailures: new Counter({
      name: 'polyak_server_checkpoint_failures_total',
      help: 'Writes of checkpoints to a bucket that failed and were tried again: of files of this shard, and of records.',
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

/** What is read off the trials, and their memory, whenever somebody asks. */
export function measureTrials(registry: Registry, table: TrialTable, memoryBytes: () => number): void {
  const registers = [registry];
  const led = () => [...table.ledTrials()].filter(({ end }) => end === undefined);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  new Gauge({
    name: 'polyak_server_trials',
    help: 'Trials led here, and trials that have chunks here.',
    labelNames: ['as'],
    registers,
    collect() {
      this.set({ as: 'lead' }, led().length);
      this.set({ as: 'shard' }, table.heldCount);
    },
  });
  new Gauge({
    name: 'polyak_server_workers',
    help: 'Workers admitted to trials led here, all trials together.',
    registers,
    collect() {
      this.set(sum([...table.ledTrials()].map(({ membership }) => membership.size)));
    },
  });
  new Gauge({
    name: 'polyak_server_leases',
    help: 'Leases outstanding in trials led here, all trials together.',
    registers,
    collect() {
      this.set(sum([...table.ledTrials()].map(({ membership }) => membership.leaseCount)));
    },
  });
  new Gauge({
    name: 'polyak_server_step_age_seconds',
    help: 'Since the last step or evaluation of the trial led here that has waited longest; 0 without trials.',
    registers,
    collect() {
      this.set(Math.max(0, ...led().map(({ secondsSinceRound }) => secondsSinceRound)));
    },
  });
  new Gauge({
    name: 'polyak_server_checkpoint_age_seconds',
    help: 'Age of the oldest step that no checkpoint has, of all trials led here; 0 where all have theirs.',
    registers,
    collect() {
      this.set(Math.max(0, ...led().map(({ unsavedSeconds }) => unsavedSeconds)));
    },
  });
  new Gauge({
    name: 'polyak_server_memory_bytes',
    help: 'Bytes of weights, optimizer slots and gradients held now.',
    registers,
    collect() {
      this.set(memoryBytes());
    },
  });
}
