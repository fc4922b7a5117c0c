/**
 * What a process logs of trials, on its way to the coordinator: bounded in number and length, since logging must neither
 * take memory nor slow anything down. Of what is too much, a line says how many there were.
 */
export interface TrialLine {
  /** Hexadecimal. */
  trial: string;
  /** A JSON object. */
  text: string;
}

const linesMax = 1000;
export const lineCharactersMax = 4000;
/** Of one batch, so that orders and heartbeats are not kept waiting. */
const batchLinesMax = 200;
const batchCharactersMax = 100_000;
const trialKey = /"trial":"([0-9a-f]{16})/;

export class TrialLines {
  private lines: TrialLine[] = [];
  /** By trial: of those that found no room. */
  private readonly dropped = new Map<string, number>();

  /** A line of the process's log; passed over where it is of no trial. */
  take(line: string): void {
    const trial = trialKey.exec(line)?.[1];
    if (trial === undefined) return;
    if (this.lines.length >= linesMax) this.dropped.set(trial, (this.dropped.get(trial) ?? 0) + 1);
    else this.lines.push({ trial, text: shortened(line.trimEnd()) });
  }

  /** The next batch; empty where there is nothing to send. */
  drain(): TrialLine[] {
    let characters = 0;
    let count = 0;
    for (const { text } of this.lines.slice(0, batchLinesMax)) {
      characters += text.length;
      if (characters > batchCharactersMax && count > 0) break;
      count += 1;
    }
    const batch = this.lines.splice(0, count);
    if (this.lines.length === 0) batch.push(...this.takeDropped());
    return batch;
  }

  private takeDropped(): TrialLine[] {
    const counts = [...this.dropped];
    this.dropped.clear();
    return counts.map(([trial, dropped]) => {
      const msg = `${dropped} lines were too many to be kept here; the process's own log has them`;
      return { trial, text: JSON.stringify({ level: 40, time: Date.now(), trial, dropped, msg }) };
    });
  }
}

function shortened(text: string): string {
  if (text.length <= lineCharactersMax) return text;
  const facts = recordOf(text);
  const msg = `${text.slice(0, lineCharactersMax / 2)}… (of ${text.length} characters)`;
  return JSON.stringify({ level: facts['level'], time: facts['time'], trial: facts['trial'], msg });
}

function recordOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
