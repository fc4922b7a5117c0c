/** `polyak logs`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, runArgument } from '../flags.js';
import { addSettings, tlsSettings } from '../settings.js';

export function addLogs(program: Command): void {
  const command = program
    .command('logs')
    .summary('show the logs of a run')
    .description("Shows the logs of a run's processes as one, in the order of time.")
    .addArgument(runArgument());
  addJson(addSettings(command, 'state', ...tlsSettings))
    .option('--role <name>', 'only of one process such as worker-0, or of all workers: worker')
    .option('--follow', 'go on until the run ends', false)
    .addHelpText('after', examples('polyak logs @last --role worker-0', 'polyak logs digits-1 --role server --follow'))
    .action(async (run: string, flags: { state: string; role?: string; follow: boolean; json: boolean }) => {
      const { logsCommand } = await import('../logs.js');
      await logsCommand(run, flags);
    });
}
