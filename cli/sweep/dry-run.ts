/**
 * `polyak sweep --dry-run`: what a sweep would run, by rounds and rungs, as far as its budget allows, and how long it would take by the first
 * trial, of which one epoch is really trained.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { substitute } from '../../common/experiment/load.js';
import { describeReproducibility } from '../../coordinator/search/reproducibility.js';
import { duration } from '../live-view.js';
import { printJson, printText } from '../output.js';
import { tableOf } from '../table.js';
import { train } from '../training-run.js';
import type { Budget } from '../../coordinator/sweep/sweep-settings.js';
import { reproducibilityOfSweep } from '../../coordinator/sweep/sweep-snapshot.js';
import type { TrialPlan } from '../../coordinator/sweep/trial-plan.js';
import { parametersText } from './parameters-text.js';
import { stagesOf, type Stage } from './planned-stages.js';
import { defaultWorkers, type PreparedSweep, type SweepPlace } from './prepare-sweep.js';
import { epochsWithin, withinBudget, type BudgetEnd, type StageWithin } from './within-budget.js';

export interface DryRun {
  trials: number;
  /** With what of each is trained within the budget, where stages follow one another. */
  stages: (Stage | StageWithin)[];
  /** Over all trials, without a look at the budget; of schedules that depend on arrival, the most. */
  plannedEpochs: number;
  /** Of these, what the budget allows. */
  epochs: number;
  /** Which budget ends it, and where; null where it is enough. */
  budgetEnd: BudgetEnd | null;
  secondsPerEpoch: number;
  /** With so many workers, one trial each. */
  workers: number;
  seconds: number;
  /** By `search.price`; null without one. */
  cost: number | null;
  reproducibility: string;
}

/** `budget`, in seconds, is the command line's, which comes before the file's. */
export async function dryRun(
  prepared: PreparedSweep,
  flags: SweepPlace & { json: boolean; budget?: number },
): Promise<number> {
  const { plan } = prepared;
  if (!flags.json) printText('training one epoch of the first trial to know how long one takes …');
  const { secondsPerEpoch, stepsPerEpoch } = await calibrate(prepared, flags);
  plan.checkAverage(stepsPerEpoch);
  const workers = flags.workers ?? defaultWorkers(prepared.threads);
  const time = flags.budget === undefined ? {} : { time: flags.budget };
  const result = estimate(plan, { ...plan.section.budget, ...time }, { secondsPerEpoch, workers });
  if (flags.json) printJson(result);
  else for (const line of linesOf(result, plan)) printText(line);
  return 0;
}

/** What the plan comes to, if every epoch takes as long as the one that was measured. */
export function estimate(
  plan: TrialPlan,
  budget: Budget,
  { secondsPerEpoch, workers }: { secondsPerEpoch: number; workers: number },
): DryRun {
  const { members } = plan;
  const { price } = plan.section;
  const stages = stagesOf(plan.search);
  const planned = stages.reduce((sum, stage) => sum + stage.trials * stage.epochs, 0);
  // The rungs of ASHA are filled all at once.
  const isMixed = plan.search.schedule.name === 'asha';
  const inOrder = isMixed ? [{ name: 'all', trials: planned, epochs: 1, isPromotion: true }] : stages;
  const reached = withinBudget(inOrder, budget, { secondsPerEpoch, workers, members });
  const epochs = epochsWithin(reached.stages);
  return {
    ...{
      trials: plan.search.trials,
      stages: isMixed ? stages : reached.stages,
      plannedEpochs: planned * members,
      epochs,
    },
    ...{ budgetEnd: reached.end ?? null, secondsPerEpoch, workers },
    seconds: (epochs * secondsPerEpoch) / workers,
    cost: price === undefined ? null : (epochs * secondsPerEpoch * price) / 3600,
    reproducibility: describeReproducibility(reproducibilityOfSweep(plan, budget)),
  };
}

export function linesOf(result: DryRun, plan: TrialPlan): string[] {
  const { trials, plannedEpochs, secondsPerEpoch, workers, seconds, cost, budgetEnd } = result;
  const most = plan.search.schedule.name === 'asha' ? ' at most' : '';
  const lines = [
    stageTable(result),
    '',
    `${trials} trials${plan.members > 1 ? ` of ${plan.members} runs` : ''}, ${plannedEpochs} epochs${most}`,
    ...(budgetEnd ? [endText(result, budgetEnd, plan)] : []),
    `one epoch of the first trial takes ${secondsPerEpoch.toFixed(2)} s on one worker; ${workers} at once: about ${duration(seconds)}`,
  ];
  if (cost !== null) lines.push(`about ${cost.toFixed(2)} at ${plan.section.price} per worker-hour`);
  const first = [0, 1, 2]
    .filter((number) => number < trials)
    .map((number) => `  trial ${number}  ${parametersText(plan.draw(number).columns)}`);
  return [...lines, result.reproducibility, 'the first trials:', ...first];
}

function stageTable({ stages, budgetEnd }: DryRun): string {
  const columns = [
    { title: 'stage' },
    { title: 'trials', right: true },
    { title: 'epochs each', right: true },
    { title: 'epochs', right: true },
    ...(budgetEnd && stages.some(isWithin) ? [{ title: 'in the budget', right: true }] : []),
  ];
  const rows = stages.map((stage) => [
    ...[stage.name, String(stage.trials), `+${stage.epochs}`, String(stage.trials * stage.epochs)],
    ...(budgetEnd && isWithin(stage) ? [String(stage.within.epochs)] : []),
  ]);
  return tableOf(columns, rows);
}

/** Budgets of time are known as well as the time of an epoch is, and Hyperband's brackets run side by side. */
function endText(
  { stages, epochs, plannedEpochs }: DryRun,
  { limit, most, stage: name }: BudgetEnd,
  { search: { schedule } }: TrialPlan,
): string {
  const about = limit === 'epochs' && schedule.name !== 'hyperband' ? '' : 'about ';
  const ended = stages.filter(isWithin).find((stage) => stage.name === name);
  const place = ended ? `${placeText(ended, about)}: ` : 'after ';
  const budget = `search.budget.${limit} of ${limit === 'epochs' ? most : duration(most)}`;
  return `${budget} ends it ${place}${about}${epochs} of ${plannedEpochs} epochs`;
}

function placeText({ name, trials, within }: StageWithin, about: string): string {
  const stage = name === 'all' ? '' : `in ${name}, `;
  return within.epochs === 0 && stage !== ''
    ? `before ${name}`
    : `${stage}after ${about}${within.trials} of ${trials} trials`;
}

function isWithin(stage: Stage | StageWithin): stage is StageWithin {
  return 'within' in stage;
}

/** One epoch, in a folder that is deleted afterwards. */
async function calibrate({ value, plan, folder, bundle }: PreparedSweep, { shards, backend }: SweepPlace) {
  const state = await mkdtemp(join(tmpdir(), 'polyak-dry-run-'));
  try {
    const whole = substitute(value, plan.first.parameters, folder);
    const experiment = { ...whole, train: { ...whole.train, epochs: 1 }, ...(bundle ? { module: whole.module } : {}) };
    const run = train(experiment, {
      state,
      workers: 1,
      ...(shards !== undefined && { shards }),
      ...(backend && { backend }),
    });
    let beganAt: number | undefined;
    let epochAt: number | undefined;
    let stepsPerEpoch = 0;
    for await (const event of run.events) {
      if (event.event === 'progress') beganAt ??= performance.now();
      if (event.event !== 'epoch') continue;
      epochAt = performance.now();
      stepsPerEpoch = event.step;
    }
    const { imagesPerSecond } = await run.result;
    const samples = stepsPerEpoch * experiment.train.batchSize;
    const seconds = samples / Math.max(imagesPerSecond ?? 1, 1e-9);
    const measured = beganAt !== undefined && epochAt !== undefined ? (epochAt - beganAt) / 1000 : 0;
    return { secondsPerEpoch: Math.max(seconds, measured), stepsPerEpoch };
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}
