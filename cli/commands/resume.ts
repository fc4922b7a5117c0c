/** `polyak resume`: its flags and help. */
import { Option, type Command } from 'commander';
import { addRunFlags, checked, collect, examples, runOrSweepArgument } from '../flags.js';
import { positiveInteger } from '../numbers.js';
import type { ResumeCommandOptions } from '../resume.js';

export function addResume(program: Command): void {
  const command = program
    .command('resume')
    .summary('go on with a run or a sweep')
    .description(
      'Goes on with a run from its newest checkpoint, or with a sweep from those of its trials. Other numbers of workers and shards change no result; what it ' +
        'computes stays as it is stored.',
    )
    .addArgument(runOrSweepArgument());
  addRunFlags(command)
    .option('--steps <n>', 'stop after n steps in all', positiveInteger)
    .option('--epochs <n>', 'stop after n epochs in all, at most those of the experiment', positiveInteger)
    .option('--trials <n>', 'of a sweep: so many trials in all, more than before', positiveInteger)
    .addOption(new Option('--set <path=value>').argParser(collect).default([]).hideHelp())
    .addHelpText(
      'after',
      examples(
        'polyak resume @last',
        'polyak resume .polyak/digits-1',
        'polyak resume digits-1 --workers 4 --shards 2',
        'polyak resume digits-search-1 --budget 1h',
      ),
    )
    .action(async (run: string, flags: ResumeCommandOptions) => {
      const { resumeCommand } = await import('../resume.js');
      process.exitCode = await resumeCommand(run, checked(flags));
    });
}
