/** The Job that submits a sweep, as it stands among the chart's examples. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './helm.js';
import { readManifests, type Manifest } from './manifest.js';

export const sweepJobFile = join(chart, 'examples/sweep-job.yaml');

export function sweepJob(): Manifest {
  const [job] = readManifests(readFileSync(sweepJobFile, 'utf8'));
  if (job?.kind !== 'Job') throw new Error(`${sweepJobFile} has no Job`);
  return job;
}
