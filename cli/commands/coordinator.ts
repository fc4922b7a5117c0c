/** `polyak coordinator`: its flags and help. */
import type { Command } from 'commander';
import { durationSeconds } from '../duration.js';
import { examples } from '../flags.js';
import { addListenFlags, addresses, runRoleCommand, tlsOf, type ListenFlags } from '../role-flags.js';

interface CoordinatorFlags {
  store: string;
  apiTokens?: string;
  sweepMetricsFor?: number;
  logs?: string;
}

export function addCoordinator(program: Command): void {
  const command = program
    .command('coordinator')
    .summary('run a coordinator')
    .description('Runs the coordinator: it knows runs, servers and workers, and keeps results in a small database.')
    .option(
      '--store <file>',
      'the database: a SQLite file, or postgres://USER:PASSWORD@HOST/DATABASE',
      '.polyak/coordinator.db',
    )
    .option('--api-tokens <file>', 'who may use the HTTP API: a list of { token, scope: read | admin } (docs/api.md)')
    .option(
      '--logs <dir>',
      'keep the logs of trials there, 512 MB at most (default: trial-logs beside a SQLite file; with PostgreSQL none)',
    )
    .option(
      '--sweep-metrics-for <time>',
      'for so long a sweep that has ended is in /metrics (default: 1h)',
      durationSeconds,
    );
  addListenFlags(command)
    .addHelpText(
      'after',
      examples('polyak coordinator --listen 0.0.0.0:7350 --advertise 10.0.0.1:7350 --metrics-port 9350'),
    )
    .action(async (flags: ListenFlags & CoordinatorFlags) => {
      await runRoleCommand('coordinator', flags, async (log) => {
        const { TlsFiles } = await import('../../common/tls/tls-files.js');
        const { startCoordinator } = await import('../../coordinator/coordinator.js');
        const { store, metricsPort, apiTokens, sweepMetricsFor: sweepMetricsSeconds } = flags;
        const given = {
          ...(apiTokens === undefined ? {} : { apiTokens }),
          ...(flags.logs === undefined ? {} : { logs: flags.logs }),
          ...(sweepMetricsSeconds === undefined ? {} : { sweepMetricsSeconds }),
        };
        const tls = TlsFiles.openServer(tlsOf(flags), log);
        return await startCoordinator({ ...addresses(flags), ...given, metricsPort, store, tls, log });
      });
    });
}
