/** `name=value` of the command line; the value is YAML. */
import { parseDocument } from 'yaml';
import { PolyakError } from '../errors.js';
import { inWords } from './yaml-error.js';

export interface Assignment {
  /** As it was given, with its flag: `--set 'train.epochs=3'`. */
  origin: string;
  name: string;
  value: unknown;
}

/** `example` is what the text should have been like. Errors: `usage`. */
export function readAssignment(flag: '--set' | '--param', text: string, example: string): Assignment {
  const origin = `${flag} '${text}'`;
  const equals = text.indexOf('=');
  if (equals < 1) throw new PolyakError('usage', `${origin}: must be ${example}`);
  const written = text.slice(equals + 1);
  const document = parseDocument(written, { prettyErrors: false, merge: true });
  const [error] = document.errors;
  if (error) throw new PolyakError('usage', `${origin}: ${inWords(error, written)}`);
  return { origin, name: text.slice(0, equals), value: document.toJS() };
}
