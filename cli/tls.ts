/**
 * Which files of TLS a command or a program connects with: those that it was given (by flags, or in the library's options),
 * else those of the environment. Processes that a command starts on its own machine speak plainly, unless it was given some.
 */
import type { Command } from 'commander';
import { TlsFiles } from '../common/tls/tls-files.js';
import { givenTls, type TlsOptions } from '../common/tls/tls-options.js';
import type { RoleEntry } from './launcher.js';
import { settings, tlsSettings } from './settings.js';

/** Of the command that runs in this process. */
let ofCommand: { flags: TlsOptions; settings: TlsOptions } | undefined;

/** Before a command acts. The configuration file and variables speak of clusters elsewhere, flags of any. */
export function adoptTlsFlags(command: Command): void {
  const [certificate, key, authority] = tlsSettings.map((name) => command.getOptionValue(name) as string | undefined);
  const isFlag = tlsSettings.some((name) => command.getOptionValueSource(name) === 'cli');
  const found = { certificate, key, authority };
  ofCommand = { flags: isFlag ? found : {}, settings: found };
}

/** For a cluster elsewhere. Errors: `usage`. */
export function tlsElsewhere(given?: TlsOptions): TlsFiles | undefined {
  return TlsFiles.open(givenTls(given) ?? ofCommand?.settings ?? ofEnvironment());
}

/** For processes of this machine that are to be started. Errors: `usage` for half a pair. */
export function tlsHere(given?: TlsOptions): TlsOptions | undefined {
  return givenTls(given) ?? givenTls(ofCommand?.flags);
}

/** For a coordinator that runs: elsewhere, or among processes that another command has started here. Errors: `usage`. */
export function tlsOfRunning(
  { coordinator, roles }: { coordinator: string | null; roles: readonly RoleEntry[] },
  given?: TlsOptions,
): TlsFiles | undefined {
  const isSecured = coordinator !== null || roles.some(({ role, tls }) => role === 'coordinator' && tls);
  return isSecured ? tlsElsewhere(given) : undefined;
}

function ofEnvironment(): TlsOptions {
  const [certificate, key, authority] = tlsSettings.map((name) => process.env[settings[name].variable]);
  return { certificate, key, authority };
}
