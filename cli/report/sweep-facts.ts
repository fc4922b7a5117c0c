/** What a sweep's report is made of, as plain data: everything but the rows of its trials. Whoever gathers it asks the store. */
import type { Distribution } from '../../common/experiment/search-schema.js';
import type { Direction } from '../../coordinator/search/log.js';
import type { Reproducibility } from '../../coordinator/search/reproducibility.js';
import type { SweepState } from '../../coordinator/store/rows.js';
import type { EnsembleEvaluation } from '../../inference/evaluate.js';

export interface SweepFacts {
  name: string;
  /** Of the objective, such as `validation.accuracy`. */
  metric: string;
  direction: Direction;
  /** Which weights were evaluated. */
  weights: 'last' | 'average';
  state: SweepState;
  /** Why it is in that state, where that needs words. */
  reason: string | null;
  /** ISO 8601. */
  createdAt: string;
  endedAt: string | null;
  /** In words for people, such as `hyperband, eta 3`. */
  schedule: string;
  sampler: string;
  /** By name, as in the experiment file; constants may be among them. */
  space: Readonly<Record<string, Distribution>>;
  reproducibility: Reproducibility;
  /** Two lines of each round of coarse to fine that is over; empty for other schedules. */
  rounds: readonly (readonly [string, string])[];
  /** What was told of best values that lie at a bound of their range. */
  edges: readonly string[];
  budgets: readonly BudgetFacts[];
  /** Of the best trials; absent where nobody has asked for it. */
  ensemble?: EnsembleFacts | NoEnsemble;
  cost?: CostFacts;
  /** Compute of trials that have failed or diverged is wasted, with what was trained again for them; all other is useful. */
  usefulSeconds: number;
  wastedSeconds: number;
  /** The template, as JSON. */
  experiment: string;
  /** What runs it again, for a shell; `polyak sweep FILE`, with `--replay` where that is needed, if it is not given. */
  command?: string;
}

export interface EnsembleFacts {
  /** References to the members, the best first. */
  members: string[];
  /** By split: those that have samples. */
  splits: Partial<Record<'validation' | 'test', EnsembleEvaluation>>;
}

export interface NoEnsemble {
  why: string;
}

export interface BudgetFacts {
  name: string;
  limit: number;
  spent: number;
  /** `seconds` are written as hours and minutes. */
  unit?: string;
}

export interface CostFacts {
  pricePerWorkerHour: number;
  spent: number;
  /** Of the whole sweep; null where nothing is left to project. */
  projected: number | null;
  /** Such as `EUR`. */
  currency?: string;
}
