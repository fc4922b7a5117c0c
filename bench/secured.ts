/**
 * What mutual TLS costs: a step of the CNN with one worker, its server and its coordinator, over secured connections against
 * the same over plain ones, in turns. The goal is at most 1.3 times.
 */
import { fileURLToPath } from 'node:url';
import { TestAuthority } from '../test/certificates.js';
import { clusterStepMs, convolutional, removeData } from './experiments.js';
import { median } from './measure.js';

const rounds = 3;
const steps = 60;

export interface SecuredFigures {
  securedMs: number;
  plainMs: number;
  /** At most 1.3 is the goal. */
  ratio: number;
}

export async function benchmarkSecured(): Promise<SecuredFigures> {
  const experiment = convolutional(128, 64);
  const authority = TestAuthority.make();
  const secured: number[] = [];
  const plain: number[] = [];
  try {
    const tls = authority.issue(['coordinator', 'server', 'worker', 'admin']);
    for (let round = 0; round < rounds; round += 1) {
      secured.push(await clusterStepMs(experiment, 1, steps, tls));
      plain.push(await clusterStepMs(experiment, 1, steps));
    }
  } finally {
    removeData(experiment);
    authority.remove();
  }
  const [securedMs, plainMs] = [median(secured), median(plain)];
  return { securedMs, plainMs, ratio: securedMs / plainMs };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(await benchmarkSecured()));
}
