/** `polyak server`: its flags and help. */
import type { Command } from 'commander';
import { PolyakError } from '../../common/errors.js';
import { shardsMax } from '../../coordinator/epochs.js';
import { examples } from '../flags.js';
import { positiveInteger, wholeNumber } from '../numbers.js';
import {
  addListenFlags,
  addresses,
  attendedCoordinator,
  runRoleCommand,
  tlsOf,
  type ListenFlags,
} from '../role-flags.js';
import { assertAddress } from '../role-process.js';

interface ServerFlags extends ListenFlags {
  coordinator: string;
  shard: number;
  threads?: number;
  memoryMb?: number;
}

export function addServer(program: Command): void {
  const command = program
    .command('server')
    .summary('run one shard of the parameter server')
    .description(
      "Runs one shard of the parameter server. It needs no TensorFlow and no data, but sees the runs' folders.",
    )
    .addOption(attendedCoordinator())
    .option(
      '--shard <n>',
      'its number, from 0; a new process with the same number replaces the old one',
      wholeNumber,
      0,
    )
    .option(
      '--threads <n>',
      'arithmetic threads (default: one less than the processors it may use, 1 to 4)',
      positiveInteger,
    )
    .option(
      '--memory-mb <n>',
      'weights, slots and gradients it may hold (default: half of the memory)',
      positiveInteger,
    );
  addListenFlags(command)
    .addHelpText(
      'after',
      examples('polyak server --coordinator 10.0.0.1:7350 --shard 0 --listen 0.0.0.0:7351 --advertise 10.0.0.2:7351'),
    )
    .action(async (flags: ServerFlags) => {
      await runRoleCommand('server', flags, async (log, lines) => {
        if (flags.shard >= shardsMax)
          throw new PolyakError('usage', `--shard ${flags.shard}: numbers go from 0 to ${shardsMax - 1}`);
        const { TlsFiles } = await import('../../common/tls/tls-files.js');
        const { startServer } = await import('../../server/server.js');
        const { serverThreads } = await import('../../common/processor-limit.js');
        const { metricsPort, shard, threads = serverThreads(), memoryMb } = flags;
        const coordinator = assertAddress('--coordinator', flags.coordinator);
        const memory = memoryMb === undefined ? {} : { memoryBytesMax: memoryMb * 1e6 };
        const tls = TlsFiles.openServer(tlsOf(flags), log);
        return await startServer({
          ...addresses(flags),
          metricsPort,
          coordinator,
          shard,
          threads,
          ...memory,
          tls,
          log,
          lines,
        });
      });
    });
}
