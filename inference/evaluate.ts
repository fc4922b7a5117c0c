/** Evaluates a run on a labelled split: the numbers that training reports, and what they hide, class by class. */
import { resolve } from 'node:path';
import { isRemote, shownLocation } from '../common/data-location.js';
import { PolyakError } from '../common/errors.js';
import { metricValues } from '../common/experiment/metrics.js';
import type { Experiment } from '../common/experiment/schema.js';
import { stagesOf } from '../common/experiment/stages.js';
import { passLeaves } from '../common/plan.js';
import { PartialTree } from '../common/reduction-tree.js';
import type { SplitName } from '../common/split-name.js';
import { Batches } from '../worker/batches.js';
import { openDataset, type Dataset, type OpenOptions } from '../worker/data/dataset.js';
import { ConfusionTable, type ClassReport, type Confusion } from './confusion-table.js';
import type { Evaluated, InferenceModel } from './inference-model.js';
import type { TrainedRun } from './trained-run.js';

export interface EvaluateOptions {
  split?: SplitName;
  /** Other data of the same source; the run's own unless given. */
  data?: string;
  /** Test-time augmentation: the mean prediction over views of each picture, such as `tenCrop`. */
  augment?: string;
  onNotice?: (message: string) => void;
}

export interface Evaluation {
  split: SplitName;
  samples: number;
  /** Mean over the samples, without the L2 term, as training reports it for validation. */
  loss: number;
  /** Null where numbers are predicted. */
  accuracy: number | null;
  /** Null where classes are predicted. */
  meanAbsoluteError: number | null;
  /**
   * Those of the experiment and, for classes, `accuracy`, for numbers `meanAbsoluteError`, `rootMeanSquaredError` and
   * `rSquared`; null where one is not defined.
   */
  metrics: Record<string, number | null>;
  /** Null where numbers are predicted. */
  classes: ClassReport[] | null;
  /** Wrong pairs, the most frequent first. */
  confusions: Confusion[];
}

/** Errors: `data` for data that are not there, have other samples or classes; `usage` for a split without samples. */
export async function evaluateRun(run: TrainedRun, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { split = 'test', data, augment, onNotice = () => undefined } = options;
  const views = augment === undefined ? undefined : run.views(augment, onNotice);
  const samples = await SplitSamples.open(run, { split, data, onNotice });
  const model = await run.model();
  const sums = new EvaluationSums(run, model, samples);
  for (let leaf = 0; leaf < samples.leaves; leaf++) {
    const batch = samples.take(leaf);
    const evaluated = views ? model.evaluateViews(views.of(batch.inputs, batch.count), batch) : model.evaluate(batch);
    sums.add(leaf, evaluated, batch.labels);
  }
  return sums.evaluation(split);
}

export interface EnsembleEvaluation {
  /** In the order of the runs. */
  members: Evaluation[];
  /** Of the members' mean prediction. */
  ensemble: Evaluation;
}

/** Of two runs or more. Errors: as evaluateRun, and `usage` for runs that do not predict the same. */
export async function evaluateEnsemble(
  runs: readonly TrainedRun[],
  options: EvaluateOptions = {},
): Promise<EnsembleEvaluation> {
  const { split = 'test', data, onNotice = () => undefined } = options;
  const [first, ...others] = runs;
  if (!first || others.length === 0) throw new PolyakError('usage', 'an ensemble has two members or more');
  for (const other of others) requireSameTask(first, other);
  const { microBatchSize } = first.experiment.train;
  const members: { model: InferenceModel; samples: SplitSamples; sums: EvaluationSums }[] = [];
  for (const run of runs) {
    const samples = await SplitSamples.open(run, { split, data, onNotice }, microBatchSize);
    const model = await run.model();
    members.push({ model, samples, sums: new EvaluationSums(run, model, samples) });
  }
  const { model, samples } = members[0]!;
  requireSameSamples(
    runs,
    members.map((member) => member.samples),
    split,
  );
  const together = new EvaluationSums(first, model, samples);
  for (let leaf = 0; leaf < samples.leaves; leaf++) {
    const batches = members.map((member) => ({ model: member.model, ...member.samples.take(leaf) }));
    const { labels, count } = batches[0]!;
    const evaluated = model.evaluateTogether(batches, { labels, count });
    members.forEach(({ sums }, index) => sums.add(leaf, evaluated.each[index]!, labels));
    together.add(leaf, evaluated.together, labels);
  }
  return { members: members.map(({ sums }) => sums.evaluation(split)), ensemble: together.evaluation(split) };
}

/** Heads are averaged one by one. */
function severalOf(stages: readonly string[]): { stages?: readonly string[] } {
  return stages.length > 1 ? { stages } : {};
}

function requireSameTask(first: TrainedRun, other: TrainedRun): void {
  const taskOf = ({ experiment, classes, inputShape }: TrainedRun) =>
    JSON.stringify({ loss: experiment.loss, classes, inputShape, ...severalOf(stagesOf(experiment)) });
  if (taskOf(first) === taskOf(other)) return;
  const [one, two] = [first, other].map((run) => `${run.folder} ${taskOf(run)}`);
  throw new PolyakError('usage', `an ensemble's members predict the same from the same inputs, but ${one} and ${two}`);
}

function requireSameSamples(runs: readonly TrainedRun[], samples: readonly SplitSamples[], split: SplitName): void {
  const differing = samples.findIndex(({ rows }) => !equalRows(rows, samples[0]!.rows));
  if (differing < 0) return;
  const both = `${runs[0]?.folder} and ${runs[differing]?.folder}`;
  const way = 'train them with the same data: { seed: … }, or evaluate them on other data with --data';
  throw new PolyakError('usage', `${both} have other samples in their ${split} split; ${way}`);
}

function equalRows(left: ArrayLike<number>, right: ArrayLike<number>): boolean {
  return left.length === right.length && Array.prototype.every.call(left, (row, index) => row === right[index]);
}

/** The samples of a split as a run takes them, leaf by leaf. */
class SplitSamples {
  private constructor(
    private readonly run: TrainedRun,
    private readonly batches: Batches,
    private readonly split: SplitName,
    private readonly labelOf: (row: number) => number,
    /** Of the data set, in order. */
    readonly rows: ArrayLike<number>,
    readonly count: number,
    private readonly microBatchSize: number,
  ) {}

  static async open(
    run: TrainedRun,
    { split, data, onNotice }: { split: SplitName; data: string | undefined; onNotice: (message: string) => void },
    microBatchSize = run.experiment.train.microBatchSize,
  ): Promise<SplitSamples> {
    const { experiment, dataset } = await openSplits(run, data, onNotice);
    const { count, rows } = dataset.splits[split];
    if (count === 0) {
      const there = (['train', 'validation', 'test'] as const).filter((name) => dataset.splits[name].count > 0);
      throw new PolyakError('usage', `--split ${split}: the data have no such samples; they have ${there.join(', ')}`);
    }
    const cut = { ...experiment, train: { ...experiment.train, microBatchSize } };
    const batches = new Batches(cut, dataset);
    if (run.preprocess) batches.setPreprocess(run.preprocess);
    return new SplitSamples(run, batches, split, labelsOf(run, dataset), rows, count, microBatchSize);
  }

  get leaves(): number {
    return passLeaves(this.count, this.microBatchSize);
  }

  /** With labels in the run's numbering of classes. */
  take(leaf: number) {
    const batch = this.batches.take({ kind: 'evaluate', split: this.split, step: 0, leaf });
    const position = leaf * this.microBatchSize;
    const { run, labelOf, rows } = this;
    return run.classes
      ? { ...batch, labels: batch.labels.map((_, index) => labelOf(rows[position + index] ?? 0)) }
      : batch;
  }
}

/** What is added up over the leaves, in the tree's order. */
class EvaluationSums {
  private readonly tree: PartialTree<Evaluated>;
  private readonly table: ConfusionTable;

  constructor(
    private readonly run: TrainedRun,
    private readonly model: InferenceModel,
    private readonly samples: SplitSamples,
  ) {
    this.tree = new PartialTree<Evaluated>(samples.leaves, { add, release: () => undefined });
    this.table = new ConfusionTable(run.classes ?? []);
  }

  add(leaf: number, evaluated: Evaluated, labels: ArrayLike<number>): void {
    evaluated.predicted.forEach((predicted, index) => this.table.add(labels[index] ?? 0, predicted));
    this.tree.fill({ first: leaf, leaves: 1 }, evaluated);
  }

  evaluation(split: SplitName): Evaluation {
    const { count } = this.samples;
    const { lossSum, metricSums } = this.tree.takeRoot();
    const metrics = metricValues(this.model.metrics, metricSums, count);
    return {
      ...{ split, samples: count, loss: lossSum / count, metrics },
      ...{ accuracy: metrics['accuracy'] ?? null, meanAbsoluteError: metrics['meanAbsoluteError'] ?? null },
      classes: this.run.classes ? this.table.reports() : null,
      confusions: this.table.confusions(),
    };
  }
}

/** As the lead of a trial adds them. */
function add(left: Evaluated, right: Evaluated): Evaluated {
  const metricSums = left.metricSums.map((sum, index) => sum + (right.metricSums[index] ?? 0));
  return { ...left, lossSum: left.lossSum + right.lossSum, metricSums };
}

/** Of its own data, or of others: those in whole as every split, unless they come in splits or are the same again. */
async function openSplits(run: TrainedRun, path: string | undefined, onNotice: (message: string) => void) {
  const { dataFingerprint } = run;
  const module = await run.module();
  const readModule = module && (async () => await module.readData(experiment));
  // Weights of classes are for training; other data may be without a class that they name.
  const own = { ...run.experiment, train: { ...run.experiment.train, classWeights: undefined } };
  const elsewhere = (given: string) => (isRemote(given) ? given : resolve(given));
  const experiment =
    path === undefined ? own : { ...own, data: { ...own.data, sha256: undefined, path: elsewhere(path) } };
  if (path !== undefined && own.data.source === 'npy') {
    const advice = 'a run on npz files has both in one';
    throw new PolyakError('usage', `--data: source: npy has inputs and labels in two files; ${advice}`);
  }
  const options = { encoding: run.encoding, say: onNotice, ...(readModule && { readModule }) };
  const whole = path === undefined ? undefined : await openWhole(experiment, options);
  const others = whole !== undefined && whole.splits.test.count === 0 && whole.fingerprint !== dataFingerprint;
  const dataset = others ? asEverySplit(whole) : await openDataset(experiment, options);
  requireShape(run, dataset, experiment.data.path);
  if (path === undefined && dataset.fingerprint !== dataFingerprint) {
    onNotice(
      `${shownLocation(own.data.path)}: has changed since the run was trained; its splits may hold other samples`,
    );
  }
  return { experiment, dataset };
}

/** Without holding samples out; undefined for sources that always come in splits. */
async function openWhole(experiment: Experiment, options: OpenOptions): Promise<Dataset | undefined> {
  const { data } = experiment;
  if (data.source === 'idx' || data.source === 'cifar10') return undefined;
  if (typeof data.test === 'object') return undefined;
  return await openDataset({ ...experiment, data: { ...data, validation: 0, test: undefined } }, options);
}

function asEverySplit(whole: Dataset): Dataset {
  const { train } = whole.splits;
  return Object.assign(whole, { splits: { train, validation: train, test: train } });
}

function requireShape(run: TrainedRun, { shape }: Dataset, path: string): void {
  if (shape.join() === run.inputShape.join()) return;
  const found = `[${shape.join(', ')}], the run was trained on [${run.inputShape.join(', ')}]`;
  throw new PolyakError('data', `${shownLocation(path)}: its samples are ${found}`);
}

/** The label of a row in the run's numbering of classes. */
function labelsOf(run: TrainedRun, { classes, labels }: Dataset): (row: number) => number {
  if (!run.classes || !classes) return (row) => labels[row] ?? 0;
  const known = new Map(run.classes.map((name, index) => [name, index]));
  const numbers = classes.map((name) => {
    const number = known.get(name);
    if (number !== undefined) return number;
    throw new PolyakError('data', `class '${name}' of the data is none of the run's: ${run.classes?.join(', ')}`);
  });
  return (row) => numbers[labels[row] ?? 0] ?? 0;
}
