/** What the runs of sweeps said last of how far they are. It is kept nowhere else, and lost with the coordinator. */
import type { RunRow } from '../store/rows.js';
import { z } from 'zod';

const progressSchema = z.looseObject({
  step: z.number(),
  steps: z.number(),
  epoch: z.number(),
  epochs: z.number(),
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

  keep({ key, sweep, trial, member }: RunRow, body: string): void {
    const parsed = progressText.safeParse(body);
    if (sweep === null || !parsed.success) return;
    const runs = this.bySweep.get(sweep) ?? new Map<string, RunProgress>();
    this.bySweep.set(sweep, runs.set(key, { ...parsed.data, trial, member }));
  }

  forget({ key, sweep }: RunRow): void {
    if (sweep !== null) this.bySweep.get(sweep)?.delete(key);
  }

  of(sweep: string): RunProgress[] {
    return [...(this.bySweep.get(sweep)?.values() ?? [])];
  }
}
