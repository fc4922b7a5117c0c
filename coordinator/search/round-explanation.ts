/** What is told of a round of coarse to fine, in two lines: what it came to, and what the next one tries. */
import type { Distribution } from '../../common/experiment/search-schema.js';
import type { SawRound, Space } from './log.js';
import type { Narrowed } from './narrow-space.js';
import type { PlannedRound } from './plan.js';

export interface RoundCameTo {
  /** From 0. */
  round: number;
  rounds: readonly PlannedRound[];
  metric: string;
  saw: SawRound;
  /** Trials without a number to show. */
  lost: number;
}

export function explainRound(cameTo: RoundCameTo, space: Space, narrowed: Narrowed, widen: boolean): [string, string] {
  return [resultLine(cameTo), nextLine(cameTo, space, narrowed, widen)];
}

/** Of the last round, which no other follows. `edges`: of its best trial. */
export function explainLastRound(cameTo: RoundCameTo, edges: Narrowed['edges']): [string, string] {
  const told = edges.map((each) => edgeText(each, false));
  const where = told.length > 0 ? told.join('; ') : 'its best lies at no bound of its ranges';
  return [resultLine(cameTo), cameTo.saw.best.length === 0 ? 'no more rounds' : `no more rounds: ${where}`];
}

function resultLine({ round, rounds, metric, saw, lost }: RoundCameTo): string {
  const { epochs, trials } = rounds[round]!;
  const [best] = saw.best;
  const lead = `round ${round + 1} of ${rounds.length}, ${counted(trials, 'trial')} of ${counted(epochs, 'epoch')}:`;
  if (!best) return `${lead} no trial has a number to show`;
  const worst = saw.best.at(-1)!;
  const others = saw.best.length > 1 ? `; the best ${saw.best.length} reach ${short(worst.value)} or better` : '';
  const without = lost > 0 ? `; ${lost} without a number` : '';
  return `${lead} best ${metric} ${short(best.value)} (trial ${best.trial})${others}${without}`;
}

function nextLine({ round, rounds, saw }: RoundCameTo, space: Space, narrowed: Narrowed, widen: boolean): string {
  const { trials, epochs } = rounds[round + 1]!;
  const lead = `next, ${counted(trials, 'trial')} of ${counted(epochs, 'epoch')}:`;
  if (saw.best.length === 0) return `${lead} the same ranges again`;
  const changes = Object.entries(narrowed.space)
    .filter(([parameter, next]) => JSON.stringify(next) !== JSON.stringify(space[parameter]))
    .map(([parameter, next]) => `${parameter} ${shown(space[parameter]!)} -> ${shown(next)}`);
  const edges = narrowed.edges.map((each) => edgeText(each, widen));
  return [`${lead} ${changes.join(', ') || 'the same ranges again'}`, ...edges].join('; ');
}

/** Also told of the best of a whole sweep. */
export function edgeText({ parameter, value, edge }: Narrowed['edges'][number], widen: boolean): string {
  const what = `${parameter}'s best, ${short(value)}, lies at its ${edge.side} bound, ${edge.bound}`;
  if (edge.widened === undefined) return `${what}, which cannot be moved`;
  return widen ? `${what}: widened to ${edge.widened}` : `${what}: consider ${edge.widened}`;
}

function shown(distribution: Distribution): string {
  if (typeof distribution !== 'object') return String(distribution);
  const [value] = Object.entries(distribution)
    .find(([key]) => key !== 'step')!
    .slice(1) as [unknown];
  return JSON.stringify(value);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
