/**
 * A branch: a new run whose step 0 has another run's last weights instead of drawn ones. Slots and running average begin
 * anew, so optimizer, schedule, data and augmentation may all be others; only the weights' shapes must be the same.
 */
import { createHash } from 'node:crypto';
import { layOutChunks } from '../common/chunk-layout.js';
import { PolyakError } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';
import { measuredMetrics } from '../common/experiment/stages.js';
import type { Manifest } from '../common/manifest.js';
import { commitCheckpoint, newestCheckpoint, type CheckpointRecord } from '../server/checkpoint/checkpoint.js';
import { checkpointPlace } from '../server/checkpoint/checkpoint-place.js';
import { CheckpointReader } from '../server/checkpoint/checkpoint-reader.js';
import { writeShardFile, type ChunkSnapshot } from '../server/checkpoint/shard-file.js';
import { emptySums, type LeadRecord } from '../server/lead/trial-state.js';
import { slotNamesOf } from '../server/step-rules.js';
import { outlineModel, type Outlined } from './model-outline.js';
import { openTrained } from './open-run.js';
import type { Parent, RunFolder } from './run-folder.js';

export interface ParentRun {
  identity: Parent;
  manifest: Manifest;
  /** Parameters, then statistics, as little-endian float32. */
  weights: Buffer;
}

/** Errors: `usage` where the run has no checkpoint, or weights that do not fit the experiment; `data`. */
export async function openParent(state: string, run: string, branch: Outlined): Promise<ParentRun> {
  const { facts, checkpoints } = await openTrained(state, run);
  const bad: string[] = [];
  const found = await newestCheckpoint(checkpoints, (path, reason) => bad.push(`${path}: ${reason}`));
  if (!found) {
    const why = bad.length > 0 ? ` that verifies (${bad.join('; ')})` : ' yet';
    throw new PolyakError('usage', `--from ${run}: ${facts.name} has no checkpoint${why}`);
  }
  const manifest = found.record.manifest as unknown as Manifest;
  await requireFit(facts.name, manifest, branch);
  const weights = await readWeights(found.path);
  const weightsSha256 = createHash('sha256').update(weights).digest('hex');
  const identity = { run: facts.name, trialKey: facts.trialKey, step: found.record.step, weightsSha256 };
  return { identity, manifest, weights };
}

/** Commits the parent's weights as the new run's checkpoint of step 0. */
export async function seedRun(folder: RunFolder, experiment: Experiment, parent: ParentRun): Promise<void> {
  const directory = folder.checkpoints;
  const trialKey = Buffer.from(folder.facts.trialKey, 'hex');
  const { chunkFloats } = experiment;
  const slots = slotNamesOf(experiment);
  const snapshots = layOutChunks(parent.manifest, chunkFloats).map(({ index, offset, length }): ChunkSnapshot => {
    const weights = parent.weights.subarray(offset * 4, (offset + length) * 4);
    const zeros = Buffer.alloc(length * 4);
    const slotTensors = Object.fromEntries(slots.map((name) => [name, zeros]));
    return { chunk: index, version: 0, tensors: { weights, average: weights, ...slotTensors } };
  });
  const identity = { incarnation: 0, step: 0 };
  await checkpointPlace(directory).prepare({ within: undefined });
  const written = await writeShardFile({ directory, ...identity, shard: 0, shards: 1, trialKey, snapshots });
  // What the first worker proves, and the mean of the inputs, are the new experiment's own.
  const lead: LeadRecord = {
    facts: null,
    epochSums: emptySums(measuredMetrics(experiment)),
    validation: null,
    reproducible: true,
    unacknowledged: [],
  };
  const files = [{ ...written, chunks: snapshots.map(({ chunk }) => chunk) }];
  const manifest = parent.manifest as unknown as CheckpointRecord['manifest'];
  const record: CheckpointRecord = {
    ...{ format: 1, trialKey: folder.facts.trialKey, ...identity, manifest, chunkFloats, files, lead },
    preprocess: null,
  };
  await commitCheckpoint(directory, record, experiment.checkpoint);
}

/** Where the model can be built here; else the servers find out. */
async function requireFit(name: string, theirs: Manifest, { experiment, bundle }: Outlined): Promise<void> {
  const outline = await outlineModel(experiment, bundle);
  if (!outline.manifest) return;
  const shapes = ({ parameters, statistics }: Manifest) =>
    [...parameters, ...statistics].map((tensor) => ({ name: tensor.name, shape: `[${tensor.shape.join(', ')}]` }));
  const there = shapes(theirs);
  const here = shapes(outline.manifest);
  const index = here.findIndex((tensor, position) => tensor.shape !== there[position]?.shape);
  const differing = index < 0 && there.length > here.length ? here.length : index;
  if (differing < 0) return;
  const say = (tensor?: { name: string; shape: string }) => (tensor ? `${tensor.name} of ${tensor.shape}` : 'nothing');
  throw new PolyakError(
    'usage',
    `--from ${name}: its weights do not fit this experiment's model: it has ${say(there[differing])} where the model ` +
      `has ${say(here[differing])}; a branch keeps the shapes of all weights`,
  );
}

async function readWeights(recordPath: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  const checkpoint = await CheckpointReader.open(recordPath);
  try {
    const { files } = checkpoint.record;
    for (const chunk of files.flatMap(({ chunks }) => chunks)) parts[chunk] = await checkpoint.read(chunk, 'weights');
  } finally {
    await checkpoint.close();
  }
  return Buffer.concat(parts);
}
