/** Workers that carry out a sweep's decisions in an order of their own, without training: values come from a function. */
import type { Decision, LogEntry, SearchEvent, Value } from '../../coordinator/search/log.js';
import type { Outcome } from '../../coordinator/search/search.js';

export interface Cluster {
  workers: number;
  /** Of the order in which workers get on. */
  seed: number;
  /** Do workers ask for trials? Else they take what has been created. */
  asks: boolean;
  stepsPerReport: number;
  /** Of a training in full. */
  untilStep: number;
  value: (trial: number, step: number) => Value;
  parameters?: (trial: number, decision: Decision & { type: 'create' }) => Record<string, unknown>;
}

interface Machine {
  take(event: SearchEvent): Outcome;
}

/** Everything that happened, in order; ends when nothing can happen any more. */
export function runCluster(machine: Machine, cluster: Cluster): LogEntry[] {
  const log: LogEntry[] = [];
  const draw = drawing(cluster.seed);
  const waiting: number[] = [];
  const active = new Set<number>();
  const stopped = new Set<number>();
  const steps = new Map<number, number>();
  const until = new Map<number, number>();
  let asked = 0;

  const send = (event: SearchEvent): void => {
    log.push({ event });
    const { decisions } = machine.take(event);
    for (const decision of decisions) {
      log.push({ decision });
      follow(decision);
    }
    for (const decision of decisions) if (decision.type === 'create') tellParameters(decision);
  };
  const follow = (decision: Decision): void => {
    if (decision.type === 'create') {
      for (let trial = decision.first; trial < decision.first + decision.count; trial += 1) {
        start(trial, decision.untilStep);
      }
    } else if (decision.type === 'promote') start(decision.trial, decision.untilStep);
    else if (decision.type !== 'halt') {
      active.delete(decision.trial);
      if (decision.type === 'stop') stopped.add(decision.trial);
    }
  };
  const start = (trial: number, untilStep: number): void => {
    until.set(trial, untilStep);
    if (!waiting.includes(trial)) waiting.push(trial);
    asked = Math.max(0, asked - 1);
  };
  const tellParameters = (decision: Decision & { type: 'create' }): void => {
    for (let trial = decision.first; trial < decision.first + decision.count; trial += 1) {
      const parameters = cluster.parameters?.(trial, decision);
      if (parameters) send({ type: 'created', trial, parameters });
    }
  };
  const train = (trial: number): void => {
    const step = (steps.get(trial) ?? 0) + cluster.stepsPerReport;
    const isAtEnd = step === until.get(trial)!;
    steps.set(trial, step);
    if (isAtEnd) active.delete(trial);
    send({ type: 'report', trial, step, value: cluster.value(trial, step) });
    // A report that was on its way when the trial was stopped.
    if (stopped.has(trial)) send({ type: 'report', trial, step: step + 1, value: 0 });
    else if (step === cluster.untilStep) send({ type: 'finished', trial });
  };

  send({ type: 'begin' });
  for (;;) {
    while (active.size < cluster.workers && waiting.length > 0) active.add(waiting.shift()!);
    const idle = cluster.asks ? cluster.workers - active.size - asked : 0;
    const choice = draw(active.size + Math.max(0, idle));
    if (active.size + Math.max(0, idle) === 0) return log;
    if (choice < active.size) train([...active][choice]!);
    else {
      asked += 1;
      send({ type: 'request' });
    }
  }
}

export function decisionsOf(log: readonly LogEntry[]): Decision[] {
  return log.flatMap((entry) => ('decision' in entry ? [entry.decision] : []));
}

/** A multiplicative generator, good enough to shuffle by. */
function drawing(seed: number): (count: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  return (count) => {
    state = (state * 48_271) % 2_147_483_647;
    return count === 0 ? 0 : state % count;
  };
}

/** A learning curve by number: some are lost, and many tie. */
export function curve(trial: number, step: number): Value {
  const quality = (trial * 7919 + 13) % 11;
  if (quality === 0 && step > 3) return null;
  return Math.round((quality + 1) * (1 - 1 / (step + 1)) * 4) / 4;
}
