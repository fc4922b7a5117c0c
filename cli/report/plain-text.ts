/** Values and texts as a report writes them: the same on every machine, whatever its language and time zone. */

/** In one line, without what XML refuses: control characters and halves of surrogate pairs. Cut to `most` characters. */
export function plainText(text: string, most = Infinity): string {
  const line = text
    .replaceAll(/\p{Surrogate}/gu, '\u{fffd}')
    .replaceAll(/[\s\p{Control}\p{Noncharacter_Code_Point}]+/gu, ' ')
    .trim();
  const characters = Array.from(line);
  return characters.length <= most ? line : `${characters.slice(0, most - 1).join('')}…`;
}

/** To six digits, or as many as given. */
export function numberText(value: number, digits = 6): string {
  return String(Number(value.toPrecision(digits)));
}

/** 1,234,567 */
export function countText(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 trial`, `2,000 trials` */
export function counted(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `4.2 s`, `45 s`, `4 min 10 s`, `45 min`, `3 h 20 min`, `1,250 h` */
export function durationText(seconds: number): string {
  if (seconds < 59.5) return `${seconds < 10 ? numberText(seconds, 2) : Math.round(seconds)} s`;
  if (seconds < 570) return twoUnits(Math.round(seconds), 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 6000 ? twoUnits(minutes, 60, 'h', 'min') : `${countText(Math.round(minutes / 60))} h`;
}

function twoUnits(count: number, size: number, large: string, small: string): string {
  const rest = count % size;
  return `${Math.floor(count / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** `2026-11-25 10:58 UTC`; as it is where it is no time. */
export function timeText(iso: string): string {
  const time = Date.parse(iso);
  return Number.isNaN(time) ? iso : `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `3, 5, 8 and 40 more` */
export function listText(items: readonly (number | string)[], most: number): string {
  const shown = items.slice(0, most).join(', ');
  return items.length <= most ? shown : `${shown} and ${countText(items.length - most)} more`;
}
