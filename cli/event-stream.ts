/**
 * The events of a run or sweep for any number of readers, each at its own pace, or none. What is kept is bounded: of progress the
 * newest alone, of everything else the last thousand. Who comes late reads from the oldest that is kept.
 */
import { withResolvers } from '../common/with-resolvers.js';

const keptMax = 1000;

/** What stands for events that were not read in time. */
export interface MissedEvent {
  event: 'notice';
  kind: 'missed';
  message: string;
}

export class EventStream<Event extends { event: string }> implements AsyncIterable<Event | MissedEvent> {
  /** All but progress, in order. */
  private readonly kept: Event[] = [];
  /** Events before the first of `kept`. */
  private dropped = 0;
  /** It came when `at` other events had come, and is number `count` of its kind. */
  private progress: { event: Event; at: number; count: number } | undefined;
  private over = false;
  private error: Error | undefined;
  private news = withResolvers<void>();

  constructor(private readonly isEnd: (event: Event) => boolean) {}

  /** An end closes the stream. What comes after it is no longer told. */
  push(event: { event: string }): void {
    if (this.over) return;
    const known = event as Event;
    if (known.event === 'progress') {
      this.progress = { event: known, at: this.total, count: (this.progress?.count ?? 0) + 1 };
    } else {
      this.kept.push(known);
      if (this.kept.length > keptMax) {
        this.kept.shift();
        this.dropped += 1;
      }
      this.over = this.isEnd(known);
    }
    this.wake();
  }

  /** Readers get what has come, then the error. */
  fail(error: unknown): void {
    if (this.over) return;
    this.over = true;
    this.error = error instanceof Error ? error : new Error(String(error));
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event | MissedEvent, void, undefined> {
    let next = 0;
    let progressRead = 0;
    for (;;) {
      if (next < this.dropped) {
        yield missed(this.dropped - next);
        next = this.dropped;
      }
      const { progress } = this;
      const event = this.kept[next - this.dropped];
      // Progress that is older than what has been read would go backwards.
      if (progress && progress.at === next && progress.count > progressRead) {
        progressRead = progress.count;
        yield progress.event;
      } else if (event) {
        next += 1;
        yield event;
      } else if (this.over) {
        if (this.error !== undefined) throw this.error;
        return;
      } else await this.news.promise;
    }
  }

  private get total(): number {
    return this.dropped + this.kept.length;
  }

  private wake(): void {
    this.news.resolve();
    this.news = withResolvers();
  }
}

function missed(count: number): MissedEvent {
  const message = `${count} events were not read in time; a run keeps them in events.jsonl of its folder, a sweep in its log`;
  return { event: 'notice', kind: 'missed', message };
}
