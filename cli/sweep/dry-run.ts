/**
 * `polyak sweep --dry-run`: what a sweep would run, by rounds and rungs, and how long it would take by the first trial, of which one
 * epoch is really trained.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { substitute } from '../../common/experiment/load.js';
import type { PlannedSchedule, SearchPlan } from '../../coordinator/search/plan.js';
import { describeReproducibility } from '../../coordinator/search/reproducibility.js';
import { duration } from '../live-view.js';
import { printJson, printText } from '../output.js';
import { tableOf } from '../table.js';
import { train } from '../training-run.js';
import { reproducibilityOfSweep } from '../../coordinator/sweep/sweep-snapshot.js';
import { parametersText } from './parameters-text.js';
import { defaultWorkers, type PreparedSweep, type SweepPlace } from './prepare-sweep.js';

interface Stage {
  /** Such as `round 1` or `bracket 2, rung 3`. */
  name: string;
  trials: number;
  /** That each trial trains in this stage, beyond the stage before. */
  epochs: number;
}

export interface DryRun {
  trials: number;
  stages: Stage[];
  /** Over all trials; of schedules that depend on arrival, the most. */
  epochs: number;
  secondsPerEpoch: number;
  /** With so many workers, one trial each. */
  workers: number;
  seconds: number;
  reproducibility: string;
}

export async function dryRun(prepared: PreparedSweep, flags: SweepPlace & { json: boolean }): Promise<number> {
  const { plan } = prepared;
  if (!flags.json) printText('training one epoch of the first trial to know how long one takes …');
  const calibrated = await calibrate(prepared, flags);
  plan.checkAverage(calibrated.stepsPerEpoch);
  const stages = stagesOf(plan.search);
  const epochs = stages.reduce((sum, stage) => sum + stage.trials * stage.epochs, 0) * plan.members;
  const workers = flags.workers ?? defaultWorkers(prepared.threads);
  const result: DryRun = {
    ...{ trials: plan.search.trials, stages, epochs, secondsPerEpoch: calibrated.seconds, workers },
    seconds: (epochs * calibrated.seconds) / workers,
    reproducibility: describeReproducibility(reproducibilityOfSweep(plan, plan.section.budget ?? {})),
  };
  if (flags.json) printJson(result);
  else for (const line of linesOf(result, prepared)) printText(line);
  return 0;
}

function linesOf(result: DryRun, { plan }: PreparedSweep): string[] {
  const { trials, stages, epochs, secondsPerEpoch, workers, seconds } = result;
  const columns = [
    { title: 'stage' },
    { title: 'trials', right: true },
    { title: 'epochs each', right: true },
    { title: 'epochs', right: true },
  ];
  const rows = stages.map((stage) => [
    stage.name,
    String(stage.trials),
    `+${stage.epochs}`,
    String(stage.trials * stage.epochs),
  ]);
  const { price } = plan.section;
  const most = plan.search.schedule.name === 'asha' ? ' at most' : '';
  const lines = [
    tableOf(columns, rows),
    '',
    `${trials} trials${plan.members > 1 ? ` of ${plan.members} runs` : ''}, ${epochs} epochs${most}`,
    `one epoch of the first trial takes ${secondsPerEpoch.toFixed(2)} s on one worker; ${workers} at once: about ${duration(seconds)}`,
  ];
  if (price !== undefined)
    lines.push(`about ${((epochs * secondsPerEpoch * price) / 3600).toFixed(2)} at ${price} per worker-hour`);
  const first = [0, 1, 2]
    .filter((number) => number < trials)
    .map((number) => `  trial ${number}  ${parametersText(plan.draw(number).columns)}`);
  return [...lines, result.reproducibility, 'the first trials:', ...first];
}

export function stagesOf(plan: SearchPlan): Stage[] {
  const { schedule } = plan;
  switch (schedule.name) {
    case 'full':
      return [{ name: 'all', trials: plan.trials, epochs: plan.untilStep }];
    case 'coarseToFine':
      return schedule.rounds.map(({ trials, epochs }, index) => ({ name: `round ${index + 1}`, trials, epochs }));
    case 'asha':
      return ashaStages(schedule, plan.trials);
    case 'successiveHalving':
    case 'hyperband':
      return schedule.brackets.flatMap(({ rungs }, bracket) =>
        rungs.map(({ trials, untilStep }, rung) => ({
          name: `${schedule.name === 'hyperband' ? `bracket ${bracket + 1}, ` : ''}rung ${rung + 1}`,
          ...{ trials, epochs: untilStep - (rungs[rung - 1]?.untilStep ?? 0) },
        })),
      );
  }
}

/** As many as can be promoted, when all have their results. */
function ashaStages({ rungs, eta }: PlannedSchedule & { name: 'asha' }, trials: number): Stage[] {
  return rungs.map((until, rung) => ({
    name: `rung ${rung + 1}`,
    trials: Math.floor(trials / eta ** rung),
    epochs: until - (rungs[rung - 1] ?? 0),
  }));
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
    return { seconds: Math.max(seconds, measured), stepsPerEpoch };
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}
