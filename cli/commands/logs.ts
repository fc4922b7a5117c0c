/** `polyak logs`: its flags and help. */
import type { Command } from 'commander';
import { addJson, checked, examples, runArgument } from '../flags.js';
import type { LogsOptions } from '../logs.js';
import { addSettings, tlsSettings } from '../settings.js';

export function addLogs(program: Command): void {
  const command = program
    .command('logs')
    .summary('show the logs of a run')
    .description(
      "Shows the logs of a run's processes as one, in the order of time: of processes of this machine from their files, of a cluster elsewhere what its coordinator keeps.",
    )
    .addArgument(runArgument());
  addJson(addSettings(command, 'state', 'coordinator', ...tlsSettings))
    .option('--role <name>', 'only of one process such as worker-0, or of all workers: worker')
    .option('--follow', 'go on until the run ends', false)
    .addHelpText(
      'after',
      examples(
        'polyak logs @last --role worker-0',
        'polyak logs digits-1 --role server --follow',
        'polyak logs digits-search-1/17 --coordinator 10.0.0.1:7350   # also where the processes have gone',
      ),
    )
    .action(async (run: string, flags: LogsOptions) => {
      const { logsCommand } = await import('../logs.js');
      await logsCommand(run, checked(flags));
    });
}
