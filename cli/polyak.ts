/** The process `polyak`: parses the command line, and turns what goes wrong into a message and an exit code. */
import { CommanderError } from 'commander';
import { PolyakError } from '../common/errors.js';
import { buildProgram } from './program.js';

const usageExitCode = 2;

/** Says what went wrong where the caller looks for it; answers with the exit code. */
function fail(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode;
  const known = error instanceof PolyakError ? error : undefined;
  const message = known?.message ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.stderr.write(`polyak: ${message}\n`);
  if (process.argv.includes('--json')) {
    const body = {
      event: 'failed',
      code: known?.code ?? 'internal',
      message: known?.message ?? 'internal error; see stderr',
    };
    process.stdout.write(`${JSON.stringify(body)}\n`);
  }
  return known?.exitCode ?? 1;
}

try {
  await buildProgram().parseAsync();
} catch (error) {
  // A role may still have sockets open.
  const exitCode = fail(error);
  process.stdout.write('', () => process.exit(exitCode));
}
