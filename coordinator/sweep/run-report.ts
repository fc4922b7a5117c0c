/** What a lead reports of a run, as a sweep reads it. */
import { z } from 'zod';
import { PolyakError } from '../../common/errors.js';
import { isEnd, type RunEnd } from '../run-state.js';
import type { Value } from '../search/log.js';
import type { EndFacts } from './trial-life.js';
import type { EpochReport } from './member-reports.js';

const number = z.number().nullable();

const epochSchema = z.looseObject({
  epoch: z.int().positive(),
  loss: number,
  stepsPerEpoch: z.number().optional(),
  validation: z.record(z.string(), number.optional()).nullable(),
});

const endSchema = z.looseObject({
  epoch: z.int().nonnegative().optional(),
  step: z.int().nonnegative().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
});

/** `metric` such as validation.accuracy. Errors: `protocol` for what is no report. */
export function epochReportOf(
  body: string,
  metric: string,
): { epoch: number; report: EpochReport; stepsPerEpoch: number; isValidated: boolean } {
  const { epoch, loss, validation, stepsPerEpoch = 0 } = parsed(epochSchema, body);
  const value = validation?.[metric.replace(/^validation\./, '')] ?? null;
  return {
    epoch,
    report: { value: finite(value), loss: finite(loss) },
    stepsPerEpoch,
    isValidated: validation !== null,
  };
}

export function endFactsOf(body: string): EndFacts & { step: number } {
  const { epoch = 0, step = 0, code = 'internal', message = '' } = parsed(endSchema, body);
  return { epoch, step, code, message };
}

/** Of an END: how it ended. Errors: `protocol`. */
export function endOf(body: string): RunEnd {
  const { event } = parsed(z.looseObject({ event: z.unknown() }), body);
  if (!isEnd(event)) throw new PolyakError('protocol', `a report's end is '${String(event)}', which is no end`);
  return event;
}

function finite(value: Value): Value {
  return value !== null && Number.isFinite(value) ? value : null;
}

function parsed<Output>(schema: z.ZodType<Output>, body: string): Output {
  try {
    return schema.parse(JSON.parse(body));
  } catch (error) {
    throw new PolyakError('protocol', `a report's body is not as it should be: ${body.slice(0, 200)}`, {
      cause: error,
    });
  }
}
