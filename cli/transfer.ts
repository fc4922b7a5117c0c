/**
 * Weights from elsewhere, looked at before a training begins: whether they fit the model is said at once and not by a server
 * minutes later, and which they are is noted, so that no other takes their place.
 */
import { existsSync } from 'node:fs';
import type { Experiment } from '../common/experiment/schema.js';
import { isReference } from '../common/experiment/search-schema.js';
import type { Manifest } from '../common/manifest.js';
import type { TransferPlan } from '../server/transfer/plan-transfer.js';
import { hashOfWeights, TransferredWeights } from '../server/transfer/transferred-weights.js';
import { outlineModel, type Outlined } from './model-outline.js';

/** The experiment with the weights' hash in it. Errors: those of TransferredWeights. */
export async function withTransferHash(outlined: Outlined, elsewhere: boolean): Promise<Experiment> {
  const { experiment } = outlined;
  const { transfer } = experiment;
  // The servers of a cluster elsewhere may see what this machine does not.
  if (!transfer || (elsewhere && !existsSync(transfer.from))) return experiment;
  const { manifest } = await outlineModel(experiment, outlined.bundle);
  if (!manifest) return experiment;
  const { sha256 } = await lookAtTransfer(transfer, manifest);
  return { ...experiment, transfer: { ...transfer, sha256 } };
}

/**
 * The template of a sweep with the hash of the weights that all its trials begin with; as it is where a trial draws which those
 * are. `first` is a trial's. Errors: those of hashOfWeights.
 */
export async function withSharedTransferHash(
  value: Record<string, unknown>,
  { transfer: first }: Pick<Experiment, 'transfer'>,
  elsewhere: boolean,
): Promise<Record<string, unknown>> {
  const transfer = value['transfer'];
  if (!first || typeof transfer !== 'object' || (elsewhere && !existsSync(first.from))) return value;
  const { from, weights, sha256 } = transfer as Record<string, unknown>;
  if ([from, weights, sha256].some(isReference)) return value;
  return { ...value, transfer: { ...transfer, sha256: await hashOfWeights(first) } };
}

/** Errors: those of TransferredWeights. */
export async function lookAtTransfer(
  transfer: NonNullable<Experiment['transfer']>,
  manifest: Manifest,
): Promise<{ plan: TransferPlan; sha256: string }> {
  const weights = await TransferredWeights.open(transfer, manifest);
  try {
    return { plan: weights.plan, sha256: await weights.sha256() };
  } finally {
    await weights.close();
  }
}
