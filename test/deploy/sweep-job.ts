/** The Jobs that submit a sweep, as they stand among the chart's examples. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './helm.js';
import { readManifests, type Manifest } from './manifest.js';

export const sweepJobFile = join(chart, 'examples/sweep-job.yaml');

/** For a release whose checkpoints lie in a bucket. */
export const bucketJobFile = join(chart, 'examples/sweep-job-bucket.yaml');

export function sweepJob(file = sweepJobFile): Manifest {
  const [job] = readManifests(readFileSync(file, 'utf8'));
  if (job?.kind !== 'Job') throw new Error(`${file} has no Job`);
  return job;
}
