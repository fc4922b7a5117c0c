/** Flags of the three roles, and how a role's command runs its process. */
import { Option, type Command } from 'commander';
import type { TlsOptions } from '../common/tls/tls-options.js';
import type { TrialLines } from '../common/trial-lines.js';
import { wholeNumber } from './numbers.js';
import { assertAddress, runRole, type RoleOptions } from './role-process.js';
import { addSettings, settingOption, tlsSettings } from './settings.js';

export interface CommonFlags {
  json: boolean;
  parentPipe: boolean;
  tlsCertificate?: string;
  tlsKey?: string;
  tlsAuthority?: string;
}

export interface ListenFlags extends CommonFlags {
  listen: string;
  advertise?: string;
  metricsPort: number;
}

export function addListenFlags(command: Command): Command {
  command
    .option('--listen <host:port>', 'where it serves; port 0 takes any', '127.0.0.1:0')
    .option('--advertise <host:port>', 'what other machines reach it by (default: where it listens)')
    .option('--metrics-port <port>', 'for /metrics, /healthz and /readyz; 0 takes any', wholeNumber, 0);
  return addRoleFlags(command);
}

export function addRoleFlags(command: Command): Command {
  return addSettings(command, ...tlsSettings)
    .option('--json', 'say on stdout, as one line of JSON, where it listens', false)
    .addOption(new Option('--parent-pipe', 'drain when stdin ends').default(false).hideHelp());
}

/** Of the cluster that a server or worker belongs to. */
export function attendedCoordinator(): Option {
  return settingOption('coordinator', 'the coordinator that it attends').makeOptionMandatory();
}

/** Runs the role's process to its end, and this process with it. */
export async function runRoleCommand(
  name: RoleOptions['role'],
  { json, parentPipe }: CommonFlags,
  start: (log: RoleOptions['log'], lines: TrialLines) => ReturnType<Parameters<typeof runRole>[1]>,
): Promise<void> {
  const { createLog } = await import('../common/log.js');
  const { TrialLines } = await import('../common/trial-lines.js');
  const { shownOn } = await import('./log-lines.js');
  const lines = new TrialLines();
  const log = createLog(name, (line) => lines.take(line), shownOn(process.stderr, name));
  await runRole({ role: name, json, parentPipe, log }, async () => await start(log, lines));
  // What a worker that needs other threads has set.
  process.exit(process.exitCode ?? 0);
}

export function tlsOf({ tlsCertificate, tlsKey, tlsAuthority }: CommonFlags): TlsOptions {
  return { certificate: tlsCertificate, key: tlsKey, authority: tlsAuthority };
}

export function addresses({ listen, advertise }: { listen: string; advertise?: string }) {
  const own = { listen: assertAddress('--listen', listen) };
  return advertise === undefined ? own : { ...own, advertise: assertAddress('--advertise', advertise) };
}
