/** `polyak setup`: its flags and help. */
import type { Command } from 'commander';
import { examples } from '../flags.js';

export function addSetup(program: Command): void {
  program
    .command('setup')
    .summary("set TensorFlow's library up")
    .description("Brings TensorFlow's library into the cache (POLYAK_CACHE, default ~/.cache/polyak). Needed once.")
    .option('--gpu', 'the CUDA build', false)
    .option('--check', 'only say what is there, and all that is missing', false)
    .option('--quiet', 'say nothing when there is nothing to do', false)
    .option('--json', 'one JSON object a line on stdout', false)
    .addHelpText('after', examples('polyak setup', 'polyak setup --check'))
    .action(async (flags: { gpu: boolean; check: boolean; quiet: boolean; json: boolean }) => {
      const { setup } = await import('../setup.js');
      await setup(flags);
    });
}
