/**
 * From the sweep's template to what each trial trains: a pure function of the sweep's experiment and the trial's number, and
 * of the round's space where rounds narrow it.
 */
import { PolyakError } from '../../common/errors.js';
import { canonicalExperiment, substitute } from '../../common/experiment/load.js';
import { checkTemplate } from '../../common/experiment/check.js';
import { checkExternal, type ExternalExperiment } from '../../common/experiment/external-schema.js';
import { experimentSchema, type Experiment } from '../../common/experiment/schema.js';
import { searchSchema, type Search as SearchSection } from '../../common/experiment/search-schema.js';
import { memberExperiment } from './member-experiment.js';
import type { Hyperparameters } from '../search/hyperparameters.js';
import type { Space } from '../search/log.js';
import { planSearch, type Judged, type SearchPlan } from '../search/plan.js';
import type { Sampler } from '../search/sampler.js';
import { samplerFor } from '../search/sampler-registry.js';

/** All of them are made when a sweep begins, and kept in memory. */
const trialsMax = 1_000_000;
const membersMax = 1000;
/** As many as `polyak validate` tries: a sweep of which not one of the first is right is not begun. */
const triedMax = 20;

export interface SweepTemplate {
  value: Record<string, unknown>;
  /** What relative paths count from. */
  folder: string;
  /** The text of the list of trials. */
  list?: string | undefined;
  /** Trials are run by the user's own processes, so that there is no experiment to make of their parameters. */
  external?: boolean | undefined;
}

export class TrialPlan {
  /** Its steps are epochs. */
  readonly search: SearchPlan;
  readonly seed: number;
  private readonly judged: Judged;
  readonly section: SearchSection;
  /** Its trials keep to workers that compute the same bits. */
  readonly isExact: boolean;
  private readonly samplers = new Map<Space, Sampler>();
  /** Of the first trial that has drawn a right experiment; those before it fail by themselves. */
  readonly first: Hyperparameters;

  /** Errors: `usage` for an experiment that cannot be searched. */
  constructor(
    private readonly template: SweepTemplate,
    trials?: number,
  ) {
    const external = template.external ? checkExternal(template.value) : undefined;
    const section = external?.search ?? searchSchema.parse(checkTemplate(template.value, { folder: template.folder }));
    this.section = trials === undefined ? section : { ...section, trials };
    requireCountable(this.section.trials, this.members);
    this.isExact = template.value['numerics'] !== 'tolerant';
    const { seed: written } = template.value;
    if (written !== undefined && typeof written !== 'number') {
      throw new PolyakError(
        'usage',
        `seed: is ${JSON.stringify(written)}; that of a sweep is a number, since it decides what is drawn`,
      );
    }
    this.seed = written ?? experimentSchema.shape.seed.parse(undefined);
    const { drawn, experiment } = external
      ? { drawn: this.draw(0), experiment: judgedOf(external) }
      : this.firstRight();
    this.first = drawn;
    this.judged = { ...experiment, search: this.section };
    this.search = planSearch(this.judged, 1, Number.POSITIVE_INFINITY);
  }

  /** What is evaluated: the weights as they are, or their running average. */
  get weights(): 'last' | 'average' {
    return this.judged.objective.weights;
  }

  /** How many runs a trial has: folds times repetitions. */
  get members(): number {
    const { crossValidation } = this.section;
    return (crossValidation?.folds ?? 1) * (crossValidation?.repeats ?? 1);
  }

  /** Errors: `usage`, where trials are ranked by a running average that is too young for it. */
  checkAverage(stepsPerEpoch: number): void {
    planSearch(this.judged, 1, stepsPerEpoch);
  }

  /** Errors: `usage`, where constraints leave nothing. */
  draw(number: number, space: Space = this.section.space): Hyperparameters {
    const sampler = this.samplers.get(space) ?? samplerFor({ ...this.section, space }, this.seed, this.template.list);
    this.samplers.set(space, sampler);
    return sampler.draw(number);
  }

  /** Resolved, as JSON. Errors: `usage` where the parameters make no right experiment. */
  experimentOf(parameters: Readonly<Record<string, unknown>>, member: number): string {
    if (this.template.external) return '';
    const experiment = substitute(this.template.value, parameters, this.template.folder);
    const { epochs } = experiment.train;
    if (epochs !== this.judged.train.epochs) {
      const both = `${this.judged.train.epochs} in the first trial and ${epochs} here`;
      throw new PolyakError(
        'usage',
        `train.epochs is ${both}: it cannot be drawn, the schedule decides how long trials train`,
      );
    }
    return canonicalExperiment(memberExperiment(experiment, this.section.crossValidation, member));
  }

  /** Errors: that of the first, where none is right. */
  private firstRight(): { drawn: Hyperparameters; experiment: Experiment } {
    let wrong: PolyakError | undefined;
    for (let number = 0; number < Math.min(triedMax, this.section.trials); number += 1) {
      const drawn = this.draw(number);
      try {
        return { drawn, experiment: substitute(this.template.value, drawn.parameters, this.template.folder) };
      } catch (error) {
        if (!(error instanceof PolyakError)) throw error;
        wrong ??= error;
      }
    }
    throw wrong ?? new RangeError('a sweep has a trial');
  }
}

/** Errors: `usage` for more than a coordinator can have in mind. */
export function requireCountable(trials: number, members = 1): void {
  if (trials > trialsMax)
    throw new PolyakError('usage', `search.trials is ${trials}, the most is ${trialsMax}; begin several sweeps`);
  if (members > membersMax)
    throw new PolyakError(
      'usage',
      `search.crossValidation makes ${members} runs of a trial, folds times repeats; the most is ${membersMax}`,
    );
}

/** Of what there is no running average. */
function judgedOf({ objective, train, search }: ExternalExperiment): Judged {
  return { objective: { ...objective, weights: 'last' }, weightAverage: { decay: 0 }, train, search };
}
