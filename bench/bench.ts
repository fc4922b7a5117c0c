/**
 * `npm run bench [-- NAMES] [--write]`: runs the named benchmarks, or all, and prints a table each; --write puts them
 * into docs/benchmarks.md and leaves the others there as they are. Peers are measured where POLYAK_BENCH_PYTHON (torch, torchvision) and POLYAK_BENCH_TENSORFLOW_PYTHON name
 * a Python that has them.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PolyakError } from '../common/errors.js';
import { packageRoot } from '../common/package-root.js';
import { benchmarkAdam } from './adam.js';
import { benchmarkAskTell, clients as askTellClients, underWay } from './ask-tell.js';
import { benchmarkAugment } from './augment.js';
import { benchmarkCoordinatorStreams } from './coordinator-streams.js';
import { benchmarkGradients } from './gradient.js';
import { benchmarkOverhead } from './overhead.js';
import { benchmarkScaling } from './scaling.js';
import { benchmarkSearchOverhead, trials as overheadTrials } from './search-overhead.js';
import { benchmarkSearchScale } from './search-scale.js';
import { benchmarkSecured } from './secured.js';
import { benchmarkTransfer } from './transfer.js';

/** What was measured, ours, the peer's, the ratio and the goal for it. */
type Row = [what: string, ours: string, peer: string, ratio: string, goal: string];

interface Benchmark {
  title: string;
  peer: string;
  /** What of the circumstances the figures do not say. */
  note?: string;
  run(): Promise<Row[]>;
}

const show = (value: number | undefined, unit: string, digits = 0) =>
  value === undefined ? 'not measured' : `${value.toFixed(digits)} ${unit}`;
const times = (value: number | undefined) => (value === undefined ? '' : `${value.toFixed(2)} times`);

/** As coordinator/store/sqlite/database.ts and the scripts of bench/peers open them. */
const durability = `Both sides are durable: what was acknowledged survives a loss of power. Polyak's store is a SQLite file with
\`journal_mode = WAL\` and \`synchronous = FULL\`, written by group commit: what comes while a transaction is under way goes
together into the next, and each call is acknowledged after the sync of its own. Optuna's is a SQLite file as Optuna opens it, with
\`journal_mode = DELETE\` and \`synchronous = FULL\`, the defaults of SQLite; each of its calls is one transaction or several.`;

const benchmarks: Record<string, Benchmark> = {
  gradient: {
    title: 'Gradients',
    peer: 'PyTorch, channels-last',
    async run() {
      const figures = [...(await benchmarkGradients(1)), ...(await benchmarkGradients(2))];
      const goals = { convolutional: 'at least 0.9', batchNormalization: 'at least 1.0', perceptron: '' };
      return figures.map(({ model, threads, ms, pytorchMs, throughputRatio }) => [
        `${model}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
        ...([show(ms, 'ms', 1), show(pytorchMs, 'ms', 1), times(throughputRatio), goals[model]] as const),
      ]);
    },
  },
  adam: {
    title: 'Adam on 10 million parameters, one thread',
    peer: 'torch.optim.Adam(fused=True)',
    async run() {
      const { applyMs, wholeMs, pytorchFusedMs, pytorchWholeMs, applyRatio, wholeRatio } = await benchmarkAdam();
      const row = (
        what: string,
        ours: number,
        theirs: number | undefined,
        ratio: number | undefined,
        goal: string,
      ): Row => [what, show(ours, 'ms', 1), show(theirs, 'ms', 1), times(ratio), goal];
      return [
        row('the optimizer alone', applyMs, pytorchFusedMs, applyRatio, 'at most 1.5'),
        row('with mean gradient, L2, norms and running average', wholeMs, pytorchWholeMs, wholeRatio, ''),
      ];
    },
  },
  augment: {
    title: 'Augmentations, one thread, of a picture of 32x32x3 bytes to normalised floats',
    peer: "torchvision's transforms of a tensor of bytes, picture by picture",
    note: `Reading from the store, the normalisation and the batch are part of every figure, and are the first row alone.`,
    async run() {
      return (await benchmarkAugment()).map(({ name, microseconds, torchvisionMicroseconds: peer }): Row => {
        const ratio = times(peer === undefined ? undefined : peer / microseconds);
        return [name, show(microseconds, 'µs', 2), show(peer, 'µs', 2), ratio, ''];
      });
    },
  },
  transfer: {
    title: '40 MB through a server over loopback',
    peer: "TensorFlow's parameter server (gRPC)",
    async run() {
      const { pushMBs, pullMBs, stepMs, tensorflow, pushRatio, pullRatio, stepRatio } = await benchmarkTransfer();
      const speed = (value: number | undefined) => show(value, 'MB/s');
      return [
        ['push, with its update', speed(pushMBs), speed(tensorflow?.pushMBs), times(pushRatio), 'at least 1'],
        ['pull', speed(pullMBs), speed(tensorflow?.pullMBs), times(pullRatio), 'at least 1'],
        ['push and new weights back', show(stepMs, 'ms'), show(tensorflow?.stepMs, 'ms'), times(stepRatio), ''],
      ];
    },
  },
  overhead: {
    title: 'A step of the CNN with one worker, batch 128 in two micro-batches',
    peer: 'the same without a cluster',
    async run() {
      const { clusterMs, aloneMs, ratio } = await benchmarkOverhead();
      return [['step', show(clusterMs, 'ms', 1), show(aloneMs, 'ms', 1), times(ratio), 'at most 1.1']];
    },
  },
  secured: {
    title: 'A step of the CNN with one worker under mutual TLS',
    peer: 'the same over plain connections',
    async run() {
      const { securedMs, plainMs, ratio } = await benchmarkSecured();
      return [['step', show(securedMs, 'ms', 1), show(plainMs, 'ms', 1), times(ratio), 'at most 1.3']];
    },
  },
  'search-overhead': {
    title: 'A search of 2,000 trials of 100 ms with two reports each, 16 processes',
    peer: 'Ray Tune and Optuna',
    note: durability,
    async run() {
      const { seconds, ratio, rayRatio, optunaRatio } = await benchmarkSearchOverhead();
      const ours = `${show(seconds, 's', 2)}, ${times(ratio)} the trials alone`;
      const of = (value: number | undefined) =>
        value === undefined ? 'not measured' : `${times(value)} the trials alone`;
      return [
        [`against Ray Tune, ${overheadTrials.ray} trials`, ours, of(rayRatio), '', 'ours at most 1.1'],
        [
          `against Optuna in one SQLite file, ${overheadTrials.optuna} trials`,
          ours,
          of(optunaRatio),
          '',
          'ours at most 1.1',
        ],
      ];
    },
  },
  'ask-tell': {
    title: `Random trials asked for and told, all on disk, ${askTellClients} processes with ${underWay} under way each`,
    peer: 'Optuna, SQLite with synchronous = FULL, one after another',
    note: durability,
    async run() {
      const { trialsPerSecond, reportsPerSecond, ...optuna } = await benchmarkAskTell();
      const { optunaTrialsPerSecond, optunaReportsPerSecond } = optuna;
      const row = (what: string, ours: number, theirs: number | undefined, goal: string): Row => [
        ...([
          what,
          show(ours, '/s'),
          show(theirs, '/s'),
          times(theirs === undefined ? undefined : ours / theirs),
        ] as const),
        goal,
      ];
      return [
        row('ask, one report, tell', trialsPerSecond, optunaTrialsPerSecond, 'at least 60'),
        row('reports of trials', reportsPerSecond, optunaReportsPerSecond, 'at least 5,000 /s'),
      ];
    },
  },
  'search-scale': {
    title: 'A search of 100,000 trials',
    peer: 'one of 1,000 trials',
    async run() {
      const { fewMs, manyMs, ratio, fewCpuMs, manyCpuMs, pageMsP95 } = await benchmarkSearchScale();
      return [
        ['time a trial', show(manyMs, 'ms', 3), show(fewMs, 'ms', 3), times(ratio), 'at most 1.2'],
        [
          'CPU of the coordinator a trial',
          show(manyCpuMs, 'ms', 3),
          show(fewCpuMs, 'ms', 3),
          times(manyCpuMs / fewCpuMs),
          '',
        ],
        ['a page of 50 trials, sorted, 95 of 100', show(pageMsP95, 'ms'), '', '', 'at most 200 ms'],
      ];
    },
  },
  'coordinator-streams': {
    title: 'A coordinator that 200 processes attend, each under mutual TLS',
    peer: '',
    async run() {
      const share = await benchmarkCoordinatorStreams();
      return [['share of a core over 60 s', `${(share * 100).toFixed(1)} %`, '', '', 'at most 10 %']];
    },
  },
  scaling: {
    title: 'Two workers of one thread each, samples a second',
    peer: 'one worker, and PyTorch DDP over gloo with two processes',
    async run() {
      return (await benchmarkScaling()).flatMap((figures): Row[] => {
        const { model, oneWorker, twoWorkers, speedUp, ddpOneProcess, ddpTwoProcesses, ratio } = figures;
        const isCnn = model === 'convolutional';
        const ddp = `${show(ddpTwoProcesses, '/s')} (one process: ${show(ddpOneProcess, '/s')})`;
        const ours = show(twoWorkers, '/s');
        return [
          [`${model}, against one worker`, ours, show(oneWorker, '/s'), times(speedUp), isCnn ? 'at least 1.85' : ''],
          [`${model}, against DDP`, ours, ddp, times(ratio), isCnn ? '' : 'above 1'],
        ];
      });
    },
  },
};

function table({ title, peer, note }: Benchmark, rows: Row[]): string {
  const lines = [['', 'Polyak', peer, 'ratio', 'goal'], ['---', '---', '---', '---', '---'], ...rows];
  const rowsOfTable = lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return [headingOf(title), ...(note === undefined ? [] : [note]), rowsOfTable, `${circumstances()}\n`].join('\n\n');
}

function headingOf(title: string): string {
  return `## ${title}`;
}

function circumstances(): string {
  const [cpu] = cpus();
  const day = new Date().toISOString().slice(0, 10);
  // Of others too: what was measured on a machine that is not idle says so.
  const load = `load average ${loadavg()[0]?.toFixed(1)}`;
  return `${day}, ${cpus().length} cores of ${cpu?.model ?? 'unknown'}, Node ${process.version}, ${load}.`;
}

const preface = `# Benchmarks

Written by \`npm run bench -- --write\`, which may have measured some of them only.

Every figure is a median, and what is compared was measured in turns in the same run, so the ratios mean more than the
times. A ratio is ours to the peer's in speed, but for what has "at most" as its goal, where it is in time. Where a goal is
missed, [performance.md](performance.md) says why.
`;

/** The sections of an earlier writing, by their headings. */
function sectionsIn(text: string): Map<string, string> {
  const sections = text.split(/^(?=## )/m).slice(1);
  return new Map(sections.map((section) => [section.split('\n', 1)[0] ?? '', `${section.trimEnd()}\n`]));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { write: { type: 'boolean' } } });
  const unknown = positionals.find((name) => !(name in benchmarks));
  if (unknown !== undefined) {
    const known = Object.keys(benchmarks).join(', ');
    throw new PolyakError('usage', `no benchmark '${unknown}'; there are: ${known}`);
  }
  const measured = new Map<string, string>();
  for (const [name, benchmark] of Object.entries(benchmarks)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const section = table(benchmark, await benchmark.run());
    console.log(section);
    measured.set(headingOf(benchmark.title), section);
  }
  if (!values.write) return;
  const file = join(packageRoot(), 'docs/benchmarks.md');
  const earlier = existsSync(file) ? sectionsIn(readFileSync(file, 'utf8')) : new Map<string, string>();
  const headings = Object.values(benchmarks).map(({ title }) => headingOf(title));
  const sections = headings.flatMap((heading) => measured.get(heading) ?? earlier.get(heading) ?? []);
  writeFileSync(file, [preface, ...sections].join('\n'));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof PolyakError ? error.message : error);
  process.exitCode = 1;
}
