/** A command line of `polyak` as its own parser takes it; nothing of it is run. */
import { buildProgram } from '../../cli/program.js';

export interface ParsedCommand {
  operands: string[];
  options: Record<string, unknown>;
}

/** Of what follows `polyak`. Errors: a command or a flag that there is not, and a value that a flag does not take. */
export function parseCommand(words: readonly string[]): ParsedCommand {
  const [name, ...rest] = words;
  const command = buildProgram().commands.find((each) => each.name() === name);
  if (!command) throw new Error(`there is no command 'polyak ${name}'`);
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  const { operands, unknown } = command.parseOptions(rest);
  if (unknown.length > 0) throw new Error(`polyak ${name} does not know ${unknown.join(' ')}`);
  const missing = command.registeredArguments.filter(
    ({ required }, index) => required && operands[index] === undefined,
  );
  if (missing.length > 0) throw new Error(`polyak ${name} lacks ${missing.map((each) => each.name()).join(' ')}`);
  return { operands, options: command.opts() };
}
