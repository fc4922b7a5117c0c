/** Who may work on a trial: the first worker's fingerprint and proof are recorded, a worker that differs is refused. */
import type { DataFacts__Output } from '../../proto/gen/polyak/v1/DataFacts.js';
import type { DataFile__Output } from '../../proto/gen/polyak/v1/DataFile.js';
import type { Proof__Output } from '../../proto/gen/polyak/v1/Proof.js';
import { revisionOf } from '../same-arithmetic.js';
import { firstDifferingFile } from './differing-file.js';

/** What the first worker proved; kept in checkpoints. */
export interface TrialFacts {
  fingerprint: Record<string, string>;
  gradientSha256: string;
  /** Manifest of common/manifest.ts, as JSON. */
  manifest: string;
  /** `encoding` only where there is one, as in checkpoints of before there were any. */
  data: Omit<DataFacts__Output, 'encoding'> & { encoding?: string };
  /** Undefined in checkpoints of an earlier version. */
  files?: DataFile__Output[];
}

export function factsOf(proof: Proof__Output): TrialFacts {
  return {
    fingerprint: proof.fingerprint,
    gradientSha256: proof.gradientSha256,
    manifest: proof.manifest,
    files: proof.files,
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
  const differing = names.filter((name) => !agree(facts, proof, name));
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
  return `${headOf(facts, proof)}:\n${rows.join('\n')}`;
}

/** Of data that differ, the file is what matters. */
function headOf(facts: TrialFacts, proof: Proof__Output): string {
  if (agree(facts, proof, 'files')) {
    return `the worker's ${agree(facts, proof, 'data') ? 'arithmetic differs' : 'data differ'} from the trial's`;
  }
  const first = firstDifferingFile(facts.files ?? [], proof.files ?? []);
  return `the worker's data differ from the trial's${first === undefined ? '' : `, first in ${first}`}`;
}

/** What a checkpoint of an earlier version does not say does not differ; nor do versions, which arithmetic stands for. */
function agree(facts: TrialFacts, proof: Proof__Output, name: string): boolean {
  if (name === 'polyak') return true;
  if (name === 'arithmetic') return revisionOf(facts) === revisionOf(proof);
  const recorded = facts.fingerprint[name];
  return recorded === proof.fingerprint[name] || (name === 'files' && recorded === undefined);
}

/** What is of the experiment, or is only shown. */
const notOfMachine = new Set(['data', 'files', 'module', 'threads', 'polyak']);

/** Whether the worker differs in what others of its kind differ in as well. */
export function differsByMachine(facts: TrialFacts, proof: Proof__Output): boolean {
  const names = [...Object.keys(facts.fingerprint), ...Object.keys(proof.fingerprint)];
  return names.some((name) => !notOfMachine.has(name) && !agree(facts, proof, name));
}

/** Data and model must agree even when numerics may differ. */
export function mayTolerate(facts: TrialFacts, proof: Proof__Output): boolean {
  const sameData = agree(facts, proof, 'data') && agree(facts, proof, 'files');
  return sameData && facts.manifest === proof.manifest;
}
