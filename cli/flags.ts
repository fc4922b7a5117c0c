/** What the commands' flags and help have in common: parsers of values, shared options, examples. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { assertAddress } from './role-process.js';

export function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0.');
  return Number(text);
}

/** For an option that may be given again. */
export function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

export function backendOption(): Option {
  return new Option('--backend <name>', "what computes: native TensorFlow, or plain JavaScript ('cpu', slow)").choices([
    'tensorflow',
    'cpu',
  ]);
}

/** The flags of `train` and `resume`. */
export function addRunFlags(command: Command): Command {
  return command
    .option('--workers <n>', 'worker processes (default: as many as the cores allow, at most 4)', positiveInteger)
    .option('--shards <s>', 'server processes that share the weights (default: 1)', positiveInteger)
    .option('--steps <n>', 'stop after n steps in all', positiveInteger)
    .option('--state <dir>', 'folder in which runs are kept (default: .polyak)')
    .option('--coordinator <host:port>', 'run on the cluster of this coordinator; starts no process here')
    .addOption(backendOption())
    .option('--json', 'one JSON object a line on stdout, and nothing else there', false);
}

export function weightsOption(): Option {
  return new Option('--weights <which>', 'the weights as they were last, or their running average')
    .choices(['last', 'average'])
    .default('last');
}

/** The flags of the commands that use what a run has trained. */
export function addTrainedRunFlags(command: Command): Command {
  return command
    .addOption(weightsOption())
    .option('--state <dir>', 'folder in which runs are kept (default: .polyak)')
    .addOption(backendOption())
    .option('--json', 'one JSON object a line on stdout, and nothing else there', false);
}

/** Errors: `usage` for an address that is none. */
export function checked<Flags extends { coordinator?: string }>(flags: Flags): Flags {
  if (flags.coordinator !== undefined) assertAddress('--coordinator', flags.coordinator);
  return flags;
}

export function examples(...commands: string[]): string {
  return `\nExamples:\n${commands.map((command) => `  npx ${command}`).join('\n')}\n`;
}
