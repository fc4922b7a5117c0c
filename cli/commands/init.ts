/** `polyak init`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples } from '../flags.js';

export function addInit(program: Command): void {
  const command = program
    .command('init')
    .summary('write an experiment file for data')
    .description(
      'Looks at the data in FOLDER (folders of pictures, idx files, CIFAR-10, a csv or npz) and writes an experiment file for ' +
        'them, with comments. Nothing is overwritten.',
    )
    .argument('[folder]', 'folder of the data, or a csv or npz file', '.')
    .option('--out <file>', "the experiment file (default: the folder's name with .yaml, here)");
  addJson(command)
    .addHelpText('after', examples('polyak init data/flowers', 'polyak init data/iris.csv --out iris.yaml'))
    .action(async (folder: string, flags: { out?: string; json: boolean }) => {
      const { initCommand } = await import('../init.js');
      await initCommand(folder, flags);
    });
}
