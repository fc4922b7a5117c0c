import { expect, it } from 'vitest';
import { UnsavedWork } from '../../server/lead/unsaved-work.js';

it('what is in no checkpoint is what was computed since the last that was committed, two of them under way or one', () => {
  const work = new UnsavedWork();
  expect([work.images, work.seconds]).toEqual([0, 0]);
  work.add(10);
  const first = work.begin();
  work.add(20);
  const second = work.begin();
  work.add(5);
  expect(work.images).toBe(35);
  first();
  expect(work.images).toBe(25);
  expect(work.seconds).toBeGreaterThan(0);
  second();
  expect(work.images).toBe(5);
  work.begin()();
  expect([work.images, work.seconds]).toEqual([0, 0]);
});
