/** `name=value` of the command line; the value is YAML. */
import { parseDocument, visit, type Document } from 'yaml';
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
  const lost = flag === '--param' ? lostDigits(document) : undefined;
  if (lost !== undefined) {
    const most = `the largest whole number that is held exactly is ${Number.MAX_SAFE_INTEGER}`;
    throw new PolyakError('usage', `${origin}: is ${lost}, ${most}`);
  }
  return { origin, name: text.slice(0, equals), value: document.toJS() };
}

/** A whole number with more digits than a number holds. Of --set, the whole file's check says it with its place. */
function lostDigits(document: Document.Parsed): string | undefined {
  let found: string | undefined;
  visit(document, {
    Scalar(_, { value, source }) {
      if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^[-+]?\d+$/.test(source ?? ''))
        return undefined;
      found = source;
      return visit.BREAK;
    },
  });
  return found;
}
