/** `polyak coordinator`: its flags and help. */
import type { Command } from 'commander';
import { examples } from '../flags.js';
import { addListenFlags, addresses, runRoleCommand, tlsOf, type ListenFlags } from '../role-flags.js';

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
    .option('--api-tokens <file>', 'who may use the HTTP API: a list of { token, scope: read | admin } (docs/api.md)');
  addListenFlags(command)
    .addHelpText(
      'after',
      examples('polyak coordinator --listen 0.0.0.0:7350 --advertise 10.0.0.1:7350 --metrics-port 9350'),
    )
    .action(async (flags: ListenFlags & { store: string; apiTokens?: string }) => {
      await runRoleCommand('coordinator', flags, async (log) => {
        const { TlsFiles } = await import('../../common/tls/tls-files.js');
        const { startCoordinator } = await import('../../coordinator/coordinator.js');
        const { store, metricsPort, apiTokens } = flags;
        const tokens = apiTokens === undefined ? {} : { apiTokens };
        const tls = TlsFiles.openServer(tlsOf(flags), log);
        return await startCoordinator({ ...addresses(flags), ...tokens, metricsPort, store, tls, log });
      });
    });
}
