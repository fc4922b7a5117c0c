/** The weights that a training takes from elsewhere, by the names and in the shapes of its own model. */
import { PolyakError } from '../../common/errors.js';
import type { Transfer } from '../../common/experiment/transfer-schema.js';
import type { Manifest, TensorSpec } from '../../common/manifest.js';
import { planTransfer, roleOf, type TransferPlan } from './plan-transfer.js';
import { fromTorch } from './torch-layout.js';
import { openWeightSource, type WeightSource } from './weight-source.js';

const problemsShown = 40;

export class TransferredWeights {
  private constructor(
    private readonly transfer: Transfer,
    private readonly source: WeightSource,
    readonly plan: TransferPlan,
  ) {}

  /** Errors: `usage` with everything that does not fit; `data` for a file that is torn, or another than `sha256` says. */
  static async open(transfer: Transfer, manifest: Manifest): Promise<TransferredWeights> {
    const source = await openWeightSource(transfer);
    try {
      await requireHash(transfer, source);
      const plan = planTransfer(manifest, source, transfer);
      if (plan.problems.length > 0) throw new PolyakError('usage', messageOf(source.name, plan.problems));
      return new TransferredWeights(transfer, source, plan);
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** Undefined for a tensor that is drawn. Errors: `data`, also for a weight that is not finite. */
  async read({ name, shape }: TensorSpec): Promise<Float32Array | undefined> {
    const theirs = this.plan.taken.get(name);
    if (theirs === undefined) return undefined;
    const values = await this.source.read(theirs);
    const bad = values.find((value) => !Number.isFinite(value));
    if (bad !== undefined) throw new PolyakError('data', `${this.source.name}: ${theirs} has a ${bad}`);
    return this.transfer.layout === 'torch' ? fromTorch(roleOf(name), shape, values) : values;
  }

  /** Of the source as it is now. */
  async sha256(): Promise<string> {
    return await this.source.sha256();
  }

  async close(): Promise<void> {
    await this.source.close();
  }
}

/** Whatever model they are for. Errors: `usage` for what is no source of weights; `data` for another than `sha256` says. */
export async function hashOfWeights(transfer: Transfer): Promise<string> {
  const source = await openWeightSource(transfer);
  try {
    await requireHash(transfer, source);
    return await source.sha256();
  } finally {
    await source.close();
  }
}

async function requireHash({ sha256 }: Transfer, source: WeightSource): Promise<void> {
  if (sha256 === undefined) return;
  const found = await source.sha256();
  if (found === sha256) return;
  throw new PolyakError('data', `transfer.from: ${source.name} has sha256 ${found}, not ${sha256}; it has changed`);
}

function messageOf(name: string, problems: readonly string[]): string {
  const more = problems.length - problemsShown;
  const shown = problems.slice(0, problemsShown).map((line) => `\n  ${line}`);
  return `transfer.from: ${name} does not fit the model:${shown.join('')}${more > 0 ? `\n  and ${more} more` : ''}`;
}
