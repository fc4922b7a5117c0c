/** Runs one program of the setup and keeps its output for the error message. */
import { spawn } from 'node:child_process';
import { PolyakError } from '../../common/errors.js';

const outputKept = 4000;

/**
 * Resolves with the program's standard output. Errors: `setup`, with the command and the end of what it printed.
 */
export async function runStep(command: string, args: string[], folder: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let tail = '';
    const keep = (text: string) => (tail = (tail + text).slice(-outputKept));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      keep(text);
    });
    child.stderr.setEncoding('utf8').on('data', keep);
    const fail = (why: string) => {
      reject(new PolyakError('setup', `setup: '${[command, ...args].join(' ')}' ${why}\n${tail.trim()}`));
    };
    child.on('error', (error) => fail(`could not be started: ${error.message}`));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else fail(signal ? `was ended by ${signal}` : `failed with exit code ${code}`);
    });
  });
}
