/** What zod wanted, in our words; and values as they are shown. */
import type { z } from 'zod';
import { suggestValue } from './suggest-value.js';

const typeNames: Record<string, string> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
  tuple: 'a list',
};

/** `must be …`, or the message that the schema gives itself. */
export function requirement(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.message.startsWith('must ')) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      if (typeof value === 'number' && issue.expected === 'number') return 'must be a finite number';
      return `must be ${typeNames[issue.expected] ?? issue.expected}${isQuoted(issue, value) ? ', without quotes' : ''}`;
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty';
      if (issue.origin === 'array')
        return `must have at least ${issue.minimum} element${issue.minimum === 1 ? '' : 's'}`;
      return `must be ${issue.inclusive ? 'at least' : 'above'} ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'array') return `must have at most ${issue.maximum} elements`;
      return `must be ${issue.inclusive ? 'at most' : 'below'} ${issue.maximum}`;
    case 'invalid_value': {
      const values = issue.values.map(String);
      return `must be ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}${suggestValue(value, values)}`;
    }
    default:
      return issue.message;
  }
}

/** A number that is written as text. */
function isQuoted(issue: z.core.$ZodIssueInvalidType, value: unknown): boolean {
  const wanted = issue.expected === 'number' || issue.expected === 'int';
  return wanted && typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
}

export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
