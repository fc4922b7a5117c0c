/** `polyak config`: its flags and help. Every setting that has a flag is one of its flags. */
import type { Command } from 'commander';
import { addJson, examples } from '../flags.js';
import { addSettings, settingNames, settings } from '../settings.js';

export function addConfig(program: Command): void {
  const command = program
    .command('config')
    .summary('show settings and where they come from')
    .description(
      'Shows every setting with its value and where that comes from: a flag, a variable of the environment, a key of ' +
        'polyak.config.yaml (or .yml, .json) in the working folder, or the default; the first that says something holds.',
    );
  addSettings(command, ...settingNames.filter((name) => settings[name].flags !== undefined));
  addJson(command, 'one JSON object on stdout')
    .addHelpText('after', examples('polyak config', 'POLYAK_WORKERS=2 polyak config --json'))
    .action(async (flags: { json: boolean }) => {
      const { configCommand } = await import('../config.js');
      configCommand(command, flags);
    });
}
