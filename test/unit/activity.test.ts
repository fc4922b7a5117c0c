import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BusyClock } from '../../server/busy-clock.js';
import { ActivityClock } from '../../worker/activity.js';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

function pass(seconds: number): void {
  vi.advanceTimersByTime(seconds * 1000);
}

describe("a worker's time", () => {
  it('adds up to the time that has passed, whatever several trials do at once', () => {
    const clock = new ActivityClock();
    const [first, second] = [clock.open(), clock.open()];
    first.enter('gradient');
    second.enter('weight wait');
    pass(1);
    // The other one waits while the first computes; that is no waiting.
    first.enter('idle');
    pass(2);
    second.enter('data wait');
    second.close();
    pass(4);
    const seconds = clock.seconds();
    // Of a trial that is closed nothing is counted.
    expect(seconds).toMatchObject({ gradient: 1, 'weight wait': 2, 'data wait': 0, idle: 4 });
    expect(Object.values(seconds).reduce((total, each) => total + each, 0)).toBe(7);
  });
});

describe('the seconds in which something is under way', () => {
  it('count once what overlaps, and end with the stream whose frames nobody will tell of', () => {
    const clock = new BusyClock();
    const [one, other] = [clock.open(), clock.open()];
    one.begin();
    pass(1);
    one.begin();
    other.begin();
    pass(2);
    one.end();
    one.close();
    other.end();
    pass(4);
    // What a transport says of a stream that is closed changes nothing.
    one.end();
    one.begin();
    expect(clock.seconds).toBe(3);
  });
});
