/**
 * The command `polyak` as a whole. Each command registers itself from a file of its own in `commands/`, which holds its
 * flags and help and imports what it does only when it is called; to add one, add its function to the table.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageRoot } from '../common/package-root.js';
import { addCoordinator } from './commands/coordinator.js';
import { addEvaluate } from './commands/evaluate.js';
import { addExport } from './commands/export.js';
import { addPredict } from './commands/predict.js';
import { addResume } from './commands/resume.js';
import { addServer } from './commands/server.js';
import { addSetup } from './commands/setup.js';
import { addTrain } from './commands/train.js';
import { addWorker } from './commands/worker.js';
import { examples } from './flags.js';

/** In the order of the help. */
const commands: ((program: Command) => void)[] = [
  addTrain,
  addResume,
  addEvaluate,
  addPredict,
  addExport,
  addCoordinator,
  addServer,
  addWorker,
  addSetup,
];

const exitCodes = `
Exit codes: 0 finished or drained, 1 internal, 2 usage or setup, 3 data, 4 training diverged or failed, 5 a process
cannot be reached, 130 and 143 interrupted (the run is kept and can be resumed).
`;

export function buildProgram(): Command {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  const program = new Command('polyak')
    .description('Trains neural networks on a cluster: the same numbers however the work is cut.')
    .version(version)
    .showHelpAfterError('(--help says more)')
    .addHelpText(
      'after',
      examples(
        'polyak train examples/digits.yaml --workers 2',
        'polyak resume digits-1',
        'polyak coordinator --listen 0.0.0.0:7350      # the same roles by hand, on many machines',
      ) + exitCodes,
    );
  for (const add of commands) add(program);
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}
