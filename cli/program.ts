/**
 * The command `polyak` as a whole. Each command registers itself from a file of its own in `commands/`, which holds its
 * flags and help and imports what it does only when it is called; to add one, add its function to the table.
 */
import { Command } from 'commander';
import { addArchive } from './commands/archive.js';
import { addBest } from './commands/best.js';
import { addCompare } from './commands/compare.js';
import { addCompletion } from './commands/completion.js';
import { addConfig } from './commands/config.js';
import { addCoordinator } from './commands/coordinator.js';
import { addData } from './commands/data.js';
import { addEvaluate } from './commands/evaluate.js';
import { addExport } from './commands/export.js';
import { addGc } from './commands/gc.js';
import { addPause } from './commands/pause.js';
import { addPredict } from './commands/predict.js';
import { addInit } from './commands/init.js';
import { addLogs } from './commands/logs.js';
import { addLs } from './commands/ls.js';
import { addReport } from './commands/report.js';
import { addRestore } from './commands/restore.js';
import { addRetry } from './commands/retry.js';
import { addResume } from './commands/resume.js';
import { addSet } from './commands/set.js';
import { addServer } from './commands/server.js';
import { addSetup } from './commands/setup.js';
import { addShow } from './commands/show.js';
import { addStatus } from './commands/status.js';
import { addStop } from './commands/stop.js';
import { addSweep } from './commands/sweep.js';
import { addTrain } from './commands/train.js';
import { addTrials } from './commands/trials.js';
import { addValidate } from './commands/validate.js';
import { addWorker } from './commands/worker.js';
import { exitCodeMeanings } from './exit-codes.js';
import { examples } from './flags.js';
import { polyakVersion } from './provenance.js';
import { applyConfigFile } from './settings.js';
import { adoptTlsFlags } from './tls.js';

type AddCommand = (program: Command) => void;

/** In the order of the help. */
const groups: Record<string, AddCommand[]> = {
  'Prepare:': [addInit, addData, addValidate],
  'Train:': [addTrain, addResume, addStop],
  'Search:': [addSweep, addTrials, addBest, addReport, addPause, addSet, addRetry, addArchive, addRestore, addGc],
  'Look:': [addStatus, addLs, addShow, addCompare, addLogs],
  'Use:': [addEvaluate, addPredict, addExport],
  'On many machines:': [addCoordinator, addServer, addWorker],
  'This machine:': [addSetup, addConfig, addCompletion],
};

export function buildProgram(): Command {
  const program = new Command('polyak')
    .description('Trains neural networks on a cluster: the same numbers however the work is cut.')
    .version(polyakVersion())
    .showHelpAfterError('(--help says more)')
    .addHelpText(
      'after',
      examples(
        'polyak train examples/digits.yaml --workers 2',
        'polyak resume @last',
        'polyak coordinator --listen 0.0.0.0:7350      # the same roles by hand, on many machines',
      ) + exitCodes(),
    )
    .hook('preSubcommand', (_, command) => applyConfigFile(command))
    .hook('preAction', (_, command) => adoptTlsFlags(command));
  for (const [title, adds] of Object.entries(groups)) {
    program.commandsGroup(title);
    for (const add of adds) add(program);
  }
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}

function exitCodes(): string {
  const lines = exitCodeMeanings.map(([code, meaning]) => `${String(code).padStart(5)}  ${meaning}`);
  return `\nExit codes:\n${lines.join('\n')}\n`;
}
