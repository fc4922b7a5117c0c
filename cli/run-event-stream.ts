/** The events of a run. */
import { EventStream } from './event-stream.js';
import { isRunEnd } from './follow-run.js';
import type { RunEvent } from './run-event.js';

export class RunEventStream extends EventStream<RunEvent> {
  constructor() {
    super(isRunEnd);
  }
}
