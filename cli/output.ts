/** What a command prints: text for people, or JSON; and what it does when nobody reads any more, as after `| head`. */

export function printText(text: string): void {
  if (text !== '') process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** A command whose reader has gone has nothing left to do; it ends without a word. */
export function endWithReader(): void {
  process.stdout.on('error', ended);
}

/** A run is worth more than its view: it goes on unseen. */
export function outliveReader(): void {
  process.stdout.off('error', ended).on('error', ignored);
}

function ended(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}

function ignored(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
