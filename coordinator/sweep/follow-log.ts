/**
 * A sweep's log on its way to one who follows it, from where they are: in order, without gaps, read from the store at their own
 * pace, so that one who does not read costs a few lines. Beside it, once a second, how things stand; that may be lost.
 */
import type { Ledger } from '../ledger.js';
import type { LogRow } from '../store/rows.js';
import type { StoreReader } from '../store/store.js';
import type { SweepLine } from './log-line.js';
import type { Sweep } from './sweep.js';
import type { SweepSnapshot } from './sweep-snapshot.js';
import type { SweepWatchers } from './sweep-watchers.js';

const pageEntries = 1000;

/** Where it goes: a stream of gRPC or HTTP. */
export interface LogSink {
  /** It has not read what it was sent. */
  isFull(): boolean;
  isGone(): boolean;
  /** Calls `wake` when it reads again, and when it goes. */
  onChange(wake: () => void): void;
  log(row: LogRow): void;
  progress(line: SweepLine): void;
  /** The last line of a sweep that has ended. */
  end(line: SweepLine): void;
}

interface LogSource {
  store: Pick<StoreReader, 'log'>;
  watchers: SweepWatchers;
  ledger: Pick<Ledger, 'settled'>;
}

/** Resolves when the sweep has ended, the sink has gone, or the coordinator closes. */
export async function followLog(
  { store, watchers, ledger }: LogSource,
  sweep: Pick<Sweep, 'key' | 'row' | 'logLength' | 'hasEnded'>,
  from: number,
  sink: LogSink,
): Promise<void> {
  const bell = new Bell();
  let isClosed = false;
  const stopListening = watchers.listen(sweep.key, {
    wake: () => bell.ring(),
    progress: (line) => {
      if (!sink.isFull()) sink.progress(line);
    },
    close: () => {
      isClosed = true;
      bell.ring();
    },
  });
  sink.onChange(() => bell.ring());
  const isOver = () => isClosed || sink.isGone();
  try {
    for (let position = from; !isOver();) {
      const end = sweep.hasEnded ? endLine(sweep.row) : undefined;
      const { logLength } = sweep;
      // Until now it is only in mind.
      await ledger.settled();
      const page = sink.isFull() ? [] : await store.log(sweep.key, position, pageEntries);
      for (const row of page) {
        if (sink.isFull() || isOver()) break;
        sink.log(row);
        position = row.sequence + 1;
      }
      // It may have been told to go on meanwhile.
      if (end && sweep.hasEnded && position >= logLength && !isOver()) return sink.end(end);
      if (page.length === 0 || sink.isFull()) await bell.wait();
    }
  } finally {
    stopListening();
  }
}

/** Who waits goes on when it is rung, also when that was before they waited. */
class Bell {
  private isRung = false;
  private go: () => void = () => undefined;

  ring(): void {
    this.isRung = true;
    this.go();
  }

  async wait(): Promise<void> {
    if (!this.isRung) await new Promise<void>((resolve) => (this.go = resolve));
    this.isRung = false;
  }
}

/** The last line of a sweep, whose event is its state. */
export function endLine({ state, reason }: Pick<SweepSnapshot, 'state' | 'reason'>): SweepLine {
  return { event: `sweep-${state}`, reason };
}
