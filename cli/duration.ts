/** A length of time as people type it. */
import { InvalidArgumentError } from 'commander';

const seconds = { d: 86_400, h: 3600, m: 60, s: 1 } as const;
/** Node's timers reach no further. */
const daysMax = 24;

/** Seconds of `90s`, `30m`, `2h` or `1h30m`. */
export function durationSeconds(text: string): number {
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  const [, d, h, m, s] = match ?? [];
  const sum = Object.entries({ d, h, m, s }).reduce(
    (total, [unit, count]) => total + Number(count ?? 0) * seconds[unit as keyof typeof seconds],
    0,
  );
  if (sum < 1) throw new InvalidArgumentError('It must be a time such as 90s, 30m, 2h or 1h30m.');
  if (sum > daysMax * seconds.d) throw new InvalidArgumentError(`The most is ${daysMax}d.`);
  return sum;
}
