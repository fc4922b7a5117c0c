/** What the runs of sweeps said last of how far they are. It is kept nowhere else, and lost with the coordinator. */
import { z } from 'zod';
import { hasLead } from '../run-state.js';
import type { RunRow } from '../store/rows.js';
import type { Sweep } from './sweep.js';
import type { ActiveTrial } from './trial-book.js';

const progressSchema = z.looseObject({
  step: z.number(),
  steps: z.number(),
  epoch: z.number(),
  epochs: z.number(),
  /** Since it is told. */
  stepsPerEpoch: z.number().optional(),
  loss: z.number().nullable(),
  workers: z.number(),
  imagesPerSecond: z.number().nullable().optional(),
});

const progressText = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'is no JSON' });
      return z.NEVER;
    }
  })
  .pipe(progressSchema);

export interface RunProgress extends z.output<typeof progressSchema> {
  trial: number;
  member: number;
}

export class Progress {
  private readonly bySweep = new Map<string, Map<string, RunProgress>>();

  /** Undefined of what says nothing. */
  keep({ key, sweep, trial, member }: RunRow, body: string): RunProgress | undefined {
    const parsed = progressText.safeParse(body);
    if (sweep === null || !parsed.success) return undefined;
    const runs = this.bySweep.get(sweep) ?? new Map<string, RunProgress>();
    const progress = { ...parsed.data, trial, member };
    this.bySweep.set(sweep, runs.set(key, progress));
    return progress;
  }

  forget({ key, sweep }: RunRow): void {
    if (sweep === null) return;
    const runs = this.bySweep.get(sweep);
    runs?.delete(key);
    if (runs?.size === 0) this.bySweep.delete(sweep);
  }

  /** Of an external sweep, whose trials have no leads: as far as their epochs say. */
  of(sweep: Pick<Sweep, 'key' | 'isExternal' | 'activeTrials'>): RunProgress[] {
    if (sweep.isExternal) return [...sweep.activeTrials()].flatMap(externalProgress);
    return [...(this.bySweep.get(sweep.key)?.values() ?? [])];
  }
}

function externalProgress({ row, runs }: Readonly<ActiveTrial>): RunProgress[] {
  const { number, epoch, untilEpoch, loss } = row;
  const running = runs.filter(({ state }) => hasLead(state));
  return running.map(({ member }) => ({
    ...{ trial: number, member, epoch, epochs: untilEpoch, step: epoch, steps: untilEpoch, loss, workers: 1 },
  }));
}
