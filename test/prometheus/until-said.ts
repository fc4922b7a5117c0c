/** Waits for a program that says on its standard error when it is ready. */
import type { ChildProcess } from 'node:child_process';

/** Errors: what it said last, where it has exited before. */
export async function untilSaid(child: ChildProcess, program: string, words: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
      if (said.includes(words)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`${program} has exited ${code}: ${said}`)));
  });
}
