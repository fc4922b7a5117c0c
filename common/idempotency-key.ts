/** What somebody calls a submission, so that it can be repeated and is one sweep all the same: the sweep's key follows from it. */
import { createHash } from 'node:crypto';
import { PolyakError } from './errors.js';

const lengthMax = 200;

/** Sixteen hexadecimal digits: the text itself where it is that, else of its hash. Errors: `usage`; `where` says what was given. */
export function sweepKeyOf(text: string, where: string): string {
  if (text === '' || text.length > lengthMax || /\p{Cc}/u.test(text)) {
    const shown = JSON.stringify(text.slice(0, 40));
    throw new PolyakError('usage', `${where} ${shown}: it must have 1 to ${lengthMax} characters, such as a UUID`);
  }
  return /^[0-9a-f]{16}$/.test(text) ? text : createHash('sha256').update(text).digest('hex').slice(0, 16);
}
