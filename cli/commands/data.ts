/** `polyak data`: its flags and help. */
import { Argument, type Command } from 'commander';
import { dataSetNames, type DataSetName } from '../data/data-sets.js';
import { addJson, examples } from '../flags.js';

interface DataFlags {
  from?: string;
  to?: string;
  json: boolean;
}

export function addData(program: Command): void {
  const command = program
    .command('data')
    .summary('get a public data set')
    .description(
      'Brings a public data set into a folder and verifies every file by its checksum. What has arrived is kept when it ' +
        'is interrupted, and the same command goes on. POLYAK_DATA_URL names another server.',
    )
    .addArgument(new Argument('<name>', 'the data set').choices(dataSetNames))
    .option('--from <folder>', 'copy the files from this folder; the network is not used')
    .option('--to <folder>', 'where to (default: data/NAME)');
  addJson(command)
    .addHelpText(
      'after',
      examples('polyak data fashion-mnist', 'polyak data cifar10 --from /mnt/downloads --to data/cifar10'),
    )
    .action(async (name: DataSetName, flags: DataFlags) => {
      const { dataCommand } = await import('../data.js');
      await dataCommand(name, flags);
    });
}
