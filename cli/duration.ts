/** A length of time as a flag has it, which a timer of Node can wait for. */
import { InvalidArgumentError } from 'commander';
import { secondsOf } from '../common/duration.js';

/** Node's timers reach no further. */
const daysMax = 24;

/** Seconds of `90s`, `30m`, `2h` or `1h30m`. */
export function durationSeconds(text: string): number {
  const seconds = secondsOf(text);
  if (seconds === undefined) throw new InvalidArgumentError('It must be a time such as 90s, 30m, 2h or 1h30m.');
  if (seconds > daysMax * 86_400) throw new InvalidArgumentError(`The most is ${daysMax}d.`);
  return seconds;
}
