/** `polyak worker`: its flags and help. */
import type { Command } from 'commander';
import { backendOption, examples, wholeNumber } from '../flags.js';
import { addRoleFlags, runRoleCommand, type CommonFlags } from '../role-flags.js';
import { assertAddress } from '../role-process.js';

interface WorkerFlags extends CommonFlags {
  coordinator: string;
  backend: 'tensorflow' | 'cpu';
  metricsHost: string;
  metricsPort: number;
}

export function addWorker(program: Command): void {
  const command = program
    .command('worker')
    .summary('run a worker')
    .description('Runs a worker: it reads data and computes gradients. Start as many as there are cores or GPUs.')
    .requiredOption('--coordinator <host:port>', 'the coordinator that it attends')
    .addOption(backendOption().default('tensorflow'))
    .option('--metrics-host <host>', 'address that /metrics and /healthz listen on', '127.0.0.1')
    .option('--metrics-port <port>', 'for /metrics and /healthz; 0 takes any', wholeNumber, 0);
  addRoleFlags(command)
    .addHelpText(
      'after',
      examples('polyak worker --coordinator 10.0.0.1:7350 --metrics-host 0.0.0.0 --metrics-port 9352'),
    )
    .action(async (flags: WorkerFlags) => {
      await runRoleCommand('worker', flags, async (log) => {
        const { startWorker } = await import('../../worker/worker.js');
        const { backend, metricsHost, metricsPort } = flags;
        const coordinator = assertAddress('--coordinator', flags.coordinator);
        return await startWorker({ coordinator, backend, metricsHost, metricsPort, log });
      });
    });
}
