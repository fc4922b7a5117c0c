/** What the commands' flags and help have in common. Flags that are settings too come from settings.ts. */
import { Argument, Option, type Command } from 'commander';
import { assertAddress } from './role-process.js';
import { addSettings, settingOption, settings, tlsSettings } from './settings.js';

/** For an option that may be given again. */
export function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

/** The flags of `train` and `resume`: where and how long, never what. */
export function addRunFlags(command: Command): Command {
  return addJson(
    addSettings(
      command,
      'workers',
      'shards',
      'state',
      'coordinator',
      ...tlsSettings,
      'backend',
      'budget',
      'patience',
      'tensorboard',
    ),
  );
}

export function addJson(command: Command, description = 'one JSON object a line on stdout, and nothing else there') {
  return command.option('--json', description, false);
}

/** `--set` and `--param`, which change what a file says. */
export function addOverrides(command: Command): Command {
  return command
    .addOption(
      new Option('--set <path=value>', 'replace a value of the file; may be given again')
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option('--param <name=value>', 'give a parameter of the file its value; may be given again')
        .argParser(collect)
        .default([], 'none'),
    );
}

const runForms =
  "a run's folder, its id such as digits-1, or @last for the newest; a sweep's trial is digits-search-1/17 or digits-search-1@best";
const runOrSweepForms = `a run or a sweep: its folder, its id such as digits-1 or digits-search-1, or @last for the newest`;

/** A run, as every command takes it. */
export function runArgument(name = '<run>', what = ''): Argument {
  return new Argument(name, what === '' ? runForms : `${what}: ${runForms}`);
}

/** What may be a run or a sweep. */
export function runOrSweepArgument(name = '<run>'): Argument {
  return new Argument(name, runOrSweepForms);
}

/** A sweep, as every command takes it. */
export function sweepArgument(name = '<sweep>'): Argument {
  return new Argument(name, "a sweep's folder, its id such as digits-search-1, or @last for the newest");
}

export function weightsOption(): Option {
  return new Option('--weights <which>', 'the weights as they were last, or their running average')
    .choices(['last', 'average'])
    .default('last');
}

/** Test-time augmentation. */
export function addTestTimeFlag(command: Command): Command {
  return command.option(
    '--augment <views>',
    'the mean prediction over views of each picture: tenCrop, fiveCrop, mirror, multiScale, or with parts of the sides, such as tenCrop:0.8 or multiScale:1,0.9',
  );
}

/** The flags of the commands that use what a run has trained. */
export function addTrainedRunFlags(command: Command): Command {
  command
    .addOption(weightsOption())
    .addOption(settingOption('backend', `${settings.backend.description} (default: the run's own)`));
  return addJson(addSettings(command, 'state', ...tlsSettings));
}

/** Errors: `usage` for an address that is none. */
export function checked<Flags extends { coordinator?: string }>(flags: Flags): Flags {
  if (flags.coordinator !== undefined) assertAddress('--coordinator', flags.coordinator);
  return flags;
}

export function examples(...commands: string[]): string {
  return `\nExamples:\n${commands.map((command) => `  npx ${command}`).join('\n')}\n`;
}
