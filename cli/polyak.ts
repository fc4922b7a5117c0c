/** The process `polyak`: parses the command line, and turns what goes wrong into a message and an exit code. */
import { CommanderError } from 'commander';
import { PolyakError } from '../common/errors.js';
import { exitCode } from './exit-codes.js';
import { endWithReader } from './output.js';
import { buildProgram } from './program.js';

/** Says what went wrong where the caller looks for it; answers with the exit code. */
function fail(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return exitCode.done;
  const known = knownError(error);
  const message = known?.message ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
  // Commander has said it already.
  if (!(error instanceof CommanderError)) process.stderr.write(`polyak: ${message}\n`);
  if (process.argv.includes('--json')) {
    const body = {
      event: 'failed',
      code: known?.code ?? 'internal',
      message: known?.message ?? 'internal error; see stderr',
    };
    process.stdout.write(`${JSON.stringify(body)}\n`);
  }
  return known?.exitCode ?? exitCode.internal;
}

function knownError(error: unknown): PolyakError | undefined {
  if (error instanceof CommanderError) return new PolyakError('usage', error.message.replace(/^error: /, ''));
  return error instanceof PolyakError ? error : undefined;
}

endWithReader();
try {
  await buildProgram().parseAsync();
} catch (error) {
  // A role may still have sockets open.
  const code = fail(error);
  process.stdout.write('', () => process.exit(code));
}
