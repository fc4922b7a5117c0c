/**
 * The file events.jsonl of a run: what it told, a line per event with its time, written by the process that followed
 * it. Progress is not kept. A coordinator tells all again to whoever follows anew; what is known is not written twice.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { isRunEnd, type RunEvent } from './follow-run.js';

export interface JournalEntry extends RunEvent {
  /** ISO 8601. */
  at: string;
}

export class RunJournal {
  /** Events of earlier followers, which the coordinator repeats. */
  private readonly known: Set<string>;

  constructor(private readonly file: string) {
    this.known = new Set(readJournal(file).map(wordsOf));
    // What follows a torn line must not be torn with it.
    if (existsSync(file) && !readFileSync(file, 'utf8').endsWith('\n')) appendFileSync(file, '\n');
  }

  /** Whether it had not been told before. */
  add(event: RunEvent): boolean {
    if (event.event === 'progress') return true;
    // A second end may be word for word the first: stopped again at the same step.
    const isNew = isRunEnd(event) || !this.known.has(JSON.stringify(event));
    if (isNew) this.note(event);
    return isNew;
  }

  /** What no coordinator repeats. */
  note(event: RunEvent): void {
    appendFileSync(this.file, `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
  }
}

/** As the coordinator tells it: without the time. */
function wordsOf({ at: _at, ...event }: JournalEntry): string {
  return JSON.stringify(event);
}

/** A last line that was torn by a crash is left out. */
export function readJournal(file: string): JournalEntry[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as JournalEntry];
      } catch {
        return [];
      }
    });
}
