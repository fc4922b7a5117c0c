/** Where a PostgreSQL store is, from its URL, and how it is named in messages: never with the password. */
import { PolyakError } from '../../../common/errors.js';

export interface PostgresAddress {
  /** For the driver. */
  url: string;
  /** Where the tables lie: `?schema=` of the URL. Several stores may share a database so. */
  schema: string;
  /** The URL without password and options. */
  name: string;
}

const schemaOption = /([?&])schema=([^&#]*)(&?)/;

/** Errors: `usage`. */
export function postgresAddress(url: string): PostgresAddress {
  const [, scheme, user = '', rest] = /^(postgres(?:ql)?:\/\/)(?:([^?#]*)@)?([^?#]*)/i.exec(url) ?? [];
  if (scheme === undefined) throw new Error('the URL has no scheme of PostgreSQL');
  const [userName = ''] = user.split(':');
  const name = `${scheme}${userName === '' ? '' : `${userName}@`}${rest}`;
  const schema = decodeURIComponent(schemaOption.exec(url)?.[2] ?? 'polyak');
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema) || schema.startsWith('pg_')) {
    const right = 'lower-case letters, digits and underscores, at most 63, not beginning with a digit or pg_';
    throw new PolyakError('usage', `store '${name}': schema '${schema}' must be of ${right}`);
  }
  const without = url.replace(schemaOption, (_, before: string, __, after: string) => (after === '' ? '' : before));
  return { url: without, schema, name };
}
