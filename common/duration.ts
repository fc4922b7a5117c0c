/** A length of time as people type it. */

const seconds = { d: 86_400, h: 3600, m: 60, s: 1 } as const;

/** Seconds of `90s`, `30m`, `2h` or `1h30m`; nothing where the text is no time, or one of no length. */
export function secondsOf(text: string): number | undefined {
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  const [, d, h, m, s] = match ?? [];
  const sum = Object.entries({ d, h, m, s }).reduce(
    (total, [unit, count]) => total + Number(count ?? 0) * seconds[unit as keyof typeof seconds],
    0,
  );
  return sum >= 1 && Number.isSafeInteger(sum) ? sum : undefined;
}
