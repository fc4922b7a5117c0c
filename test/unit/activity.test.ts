import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BusyClock } from '../../server/busy-clock.js';
import { ActivityClock } from '../../worker/activity.js';

/** Seconds in which something happened, by the clock. */
async function during(ms: number): Promise<number> {
  const from = performance.now();
  await delay(ms);
  return (performance.now() - from) / 1000;
}

const close = 0.005;

describe("a worker's time", () => {
  it('adds up to the time that has passed, whatever several trials do at once', async () => {
    const from = performance.now();
    const clock = new ActivityClock();
    const [first, second] = [clock.open(), clock.open()];
    first.enter('gradient');
    second.enter('weight wait');
    const both = await during(20);
    // The other one waits while the first computes; that is no waiting.
    first.enter('idle');
    const waiting = await during(20);
    second.enter('data wait');
    second.close();
    const after = await during(20);
    const seconds = clock.seconds();
    const passed = (performance.now() - from) / 1000;
    expect(Math.abs(seconds.gradient - both)).toBeLessThan(close);
    expect(Math.abs(seconds['weight wait'] - waiting)).toBeLessThan(close);
    // Of a trial that is closed nothing is counted.
    expect(seconds['data wait']).toBeLessThan(close);
    expect(Math.abs(seconds.idle - after)).toBeLessThan(close);
    const sum = Object.values(seconds).reduce((total, each) => total + each, 0);
    expect(Math.abs(sum - passed)).toBeLessThan(close);
  });
});

describe('the seconds in which something is under way', () => {
  it('count once what overlaps, and end with the stream whose frames nobody will tell of', async () => {
    const clock = new BusyClock();
    const [one, other] = [clock.open(), clock.open()];
    one.begin();
    const alone = await during(20);
    one.begin();
    other.begin();
    const together = await during(20);
    one.end();
    one.close();
    other.end();
    await during(20);
    // What a transport says of a stream that is closed changes nothing.
    one.end();
    one.begin();
    expect(Math.abs(clock.seconds - alone - together)).toBeLessThan(close);
  });
});
