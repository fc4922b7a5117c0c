/** The last events of a trial that does not end as it should. */
import { PolyakError } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';

export function divergedEvent(step: number, tensor: string, what: string): Record<string, unknown> {
  const layer = tensor.replace(/\/[^/]*$/, '');
  const message = `diverged at step ${step}: ${what} in layer '${layer}' (${tensor}); try a smaller learning rate`;
  return { event: 'diverged', step, layer, tensor, message };
}

/** Of a method of full batches, at weights that it cannot go back from. */
export function lossDivergedEvent(step: number): Record<string, unknown> {
  const way = 'scale the inputs (preprocess), or draw smaller first weights';
  const message = `diverged at step ${step}: the loss is not finite; ${way}`;
  return { event: 'diverged', step, layer: '', tensor: '', message };
}

export function failureEvent(error: unknown, log: Logger): Record<string, unknown> {
  if (error instanceof PolyakError) return { event: 'failed', code: error.code, message: error.message };
  log.error({ error: error instanceof Error ? error.stack : String(error) }, 'the trial failed');
  return { event: 'failed', code: 'internal', message: error instanceof Error ? error.message : String(error) };
}
