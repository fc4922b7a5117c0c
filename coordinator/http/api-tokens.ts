/** Who may use the HTTP API: tokens of a file, of which only hashes stay in memory. It answers no request. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { PolyakError } from '../../common/errors.js';

export type ApiScope = 'read' | 'admin';

const fileSchema = z.array(z.strictObject({ token: z.string().min(16), scope: z.enum(['read', 'admin']) })).min(1);

export class ApiTokens {
  private readonly hashes: readonly { hash: Buffer; scope: ApiScope }[];

  constructor(tokens: readonly { token: string; scope: ApiScope }[]) {
    this.hashes = tokens.map(({ token, scope }) => ({ hash: hashOf(token), scope }));
  }

  /** All are compared, whole, so that the time says nothing of any. */
  scopeOf(token: string): ApiScope | undefined {
    const given = hashOf(token);
    let found: ApiScope | undefined;
    for (const { hash, scope } of this.hashes) {
      if (timingSafeEqual(hash, given) && found !== 'admin') found = scope;
    }
    return found;
  }
}

/** Errors: `usage`; the messages have no token in them. */
export function readApiTokens(file: string): ApiTokens {
  const wanted = 'it must be a list of { token, scope: read | admin }, tokens of 16 characters or more';
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8'), { prettyErrors: false });
  } catch (error) {
    // Of the parser's message nothing is shown, and it is no cause: it may quote the file.
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new PolyakError('usage', `--api-tokens '${file}' cannot be read${code}; ${wanted}`);
  }
  const result = fileSchema.safeParse(value);
  if (result.success) return new ApiTokens(result.data);
  const places = result.error.issues.map(({ path }) => path.join('.') || 'the file').join(', ');
  throw new PolyakError('usage', `--api-tokens '${file}' is wrong at ${places}; ${wanted}`);
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
