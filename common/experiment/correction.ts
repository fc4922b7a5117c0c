/** The end of a message: what should have been written where the slip is one that we know. */
import type { z } from 'zod';
import { booleanMeant, entry, numberMeant } from './corrected.js';

interface Slip {
  issue?: z.core.$ZodIssue | undefined;
  value: unknown;
  /** A key without a value, not one whose value is written null. */
  isEmpty: boolean;
}

/** `; write train.epochs: 5`, or nothing. */
export function correction(path: PropertyKey[], { issue, value, isEmpty }: Slip): string {
  const wanted = wantedType(issue);
  if (isEmpty && wanted !== undefined) {
    return `; if $name stood there, a shell has replaced it: single quotes keep it, also <<'EOF'`;
  }
  const meant =
    wanted === 'number' && typeof value === 'string'
      ? numberMeant(value)
      : wanted === 'boolean'
        ? booleanMeant(value)
        : undefined;
  return meant === undefined ? '' : `; write ${entry(path, meant)}`;
}

function wantedType(issue: z.core.$ZodIssue | undefined): 'number' | 'boolean' | 'text' | undefined {
  if (issue?.code === 'custom') return issue.params?.['wanted'] as 'number' | undefined;
  if (issue?.code === 'invalid_value') return 'text';
  if (issue?.code !== 'invalid_type') return undefined;
  if (issue.expected === 'number' || issue.expected === 'int') return 'number';
  if (issue.expected === 'boolean') return 'boolean';
  return issue.expected === 'string' ? 'text' : undefined;
}
