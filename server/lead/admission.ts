/** Who may work on a trial: the first worker's fingerprint and proof are recorded, a worker that differs is refused. */
import type { DataFacts__Output } from '../../proto/gen/polyak/v1/DataFacts.js';
import type { Proof__Output } from '../../proto/gen/polyak/v1/Proof.js';

/** What the first worker proved; kept in checkpoints. */
export interface TrialFacts {
  fingerprint: Record<string, string>;
  gradientSha256: string;
  /** Manifest of common/manifest.ts, as JSON. */
  manifest: string;
  /** `encoding` only where there is one, as in checkpoints of before there were any. */
  data: Omit<DataFacts__Output, 'encoding'> & { encoding?: string };
}

export function factsOf(proof: Proof__Output): TrialFacts {
  return {
    fingerprint: proof.fingerprint,
    gradientSha256: proof.gradientSha256,
    manifest: proof.manifest,
    data: dataOf(proof.data),
  };
}

function dataOf(data: DataFacts__Output | null | undefined): TrialFacts['data'] {
  const none = { trainCount: 0, validationCount: 0, testCount: 0, features: 0, shape: [], classes: [], encoding: '' };
  const { encoding, ...facts } = data ?? none;
  return encoding === '' ? facts : { ...facts, encoding };
}

/** The reason for refusing, with both fingerprints side by side, or undefined. */
export function difference(facts: TrialFacts, proof: Proof__Output): string | undefined {
  const names = [...new Set([...Object.keys(facts.fingerprint), ...Object.keys(proof.fingerprint)])].toSorted();
  const differing = names.filter((name) => facts.fingerprint[name] !== proof.fingerprint[name]);
  const sameGradient = facts.gradientSha256 === proof.gradientSha256;
  const sameModel = facts.manifest === proof.manifest;
  const sameData = JSON.stringify(facts.data) === JSON.stringify(factsOf(proof).data);
  if (differing.length === 0 && sameGradient && sameModel && sameData) return undefined;
  const rows = names.map((name) => {
    const mark = differing.includes(name) ? '!' : ' ';
    return `${mark} ${name}: recorded '${facts.fingerprint[name] ?? ''}', this worker '${proof.fingerprint[name] ?? ''}'`;
  });
  rows.push(
    `${sameGradient ? ' ' : '!'} gradient: recorded ${facts.gradientSha256}, this worker ${proof.gradientSha256}`,
  );
  if (!sameModel) rows.push('! the model differs');
  if (!sameData) rows.push(`! data: recorded ${JSON.stringify(facts.data)}, this worker ${JSON.stringify(proof.data)}`);
  return `the worker's arithmetic differs from the trial's:\n${rows.join('\n')}`;
}

/** Data and model must agree even when numerics may differ. */
export function mayTolerate(facts: TrialFacts, proof: Proof__Output): boolean {
  const sameData = facts.fingerprint['data'] === proof.fingerprint['data'];
  return sameData && facts.manifest === proof.manifest;
}
