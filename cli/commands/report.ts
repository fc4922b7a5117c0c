/** `polyak report`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, sweepArgument } from '../flags.js';
import { addSettings, tlsSettings } from '../settings.js';
import type { ReportFlags } from '../sweep/report.js';

export function addReport(program: Command): void {
  const command = program
    .command('report')
    .summary('write the report of a sweep')
    .description(
      'Writes report.html, which needs no other file, and report.md with its plots: best trials, curves, parameters and how important they were, failures and costs, and the ensemble of its best trials once it has ended. A sweep that ends here writes them by itself.',
    )
    .addArgument(sweepArgument());
  addJson(addSettings(command, 'state', ...tlsSettings), 'the paths as one JSON object')
    .option('-o, --output <dir>', "folder to write to (default: the sweep's own)")
    .addHelpText('after', examples('polyak report @last', 'polyak report digits-search-1 -o report'))
    .action(async (sweep: string, flags: ReportFlags) => {
      const { reportCommand } = await import('../sweep/report.js');
      await reportCommand(sweep, flags);
    });
}
