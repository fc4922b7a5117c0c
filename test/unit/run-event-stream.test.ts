/** What a reader of a run's events gets, at whatever pace it reads. */
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../cli/run-event.js';
import { RunEventStream } from '../../cli/run-event-stream.js';

const progress = (step: number) => ({ event: 'progress', step });
const epoch = (number: number) => ({ event: 'epoch', epoch: number });
const finished = { event: 'finished', steps: 9 };

async function readAll(stream: AsyncIterable<RunEvent>): Promise<string[]> {
  const read: string[] = [];
  for await (const event of stream) read.push(wordsOf(event));
  return read;
}

function wordsOf(event: RunEvent): string {
  if (event.event === 'progress') return `step ${event.step}`;
  return event.event === 'epoch' ? `epoch ${event.epoch}` : event.event;
}

describe('the events of a run', () => {
  it('come all to a reader that keeps up', async () => {
    const stream = new RunEventStream();
    const reader = stream[Symbol.asyncIterator]();
    for (const event of [progress(1), progress(2), epoch(1), progress(3), finished]) {
      stream.push(event);
      expect((await reader.next()).value).toEqual(event);
    }
    expect((await reader.next()).done).toBe(true);
  });

  it('are progress of the newest step, and all else, to one that reads late', async () => {
    const stream = new RunEventStream();
    for (const event of [progress(1), progress(2), epoch(1), progress(3), progress(4)]) stream.push(event);
    const reader = stream[Symbol.asyncIterator]();
    const first = [await reader.next(), await reader.next()];
    expect(first.map(({ value }) => wordsOf(value as RunEvent))).toEqual(['epoch 1', 'step 4']);
  });

  it('never go back: progress from before an epoch is not told after it', async () => {
    const stream = new RunEventStream();
    for (const event of [progress(4), epoch(1), finished]) stream.push(event);
    expect(await readAll(stream)).toEqual(['step 4', 'epoch 1', 'finished']);
  });

  it('are the same for several readers, and end with the run', async () => {
    const stream = new RunEventStream();
    const readers = [readAll(stream), readAll(stream)];
    for (const event of [epoch(1), epoch(2), finished, epoch(3)]) stream.push(event);
    for (const reader of readers) expect(await reader).toEqual(['epoch 1', 'epoch 2', 'finished']);
  });

  it('are kept up to a thousand for one that does not read, and what is missing is said', async () => {
    const stream = new RunEventStream();
    for (let number = 1; number <= 5000; number++) {
      stream.push(progress(number));
      stream.push(epoch(number));
    }
    stream.push(finished);
    const read: RunEvent[] = [];
    for await (const event of stream) read.push(event);
    // The notice, a thousand of the 5001 that lasted, and the newest progress.
    expect(read).toHaveLength(1002);
    expect(read[0]).toMatchObject({
      event: 'notice',
      kind: 'missed',
      message: expect.stringMatching(/^4001 events/) as string,
    });
    expect(read[1]).toMatchObject({ epoch: 4002 });
    expect(read.at(-1)).toEqual(finished);
  });

  it('end with an error after what has come', async () => {
    const stream = new RunEventStream();
    stream.push(epoch(1));
    stream.fail(new Error('gone'));
    const reader = stream[Symbol.asyncIterator]();
    expect((await reader.next()).value).toEqual(epoch(1));
    await expect(reader.next()).rejects.toThrow('gone');
  });
});
