/** What a command prints: text for people, or JSON. */

export function printText(text: string): void {
  if (text !== '') process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
