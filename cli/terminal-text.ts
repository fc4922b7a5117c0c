/** Text as a terminal has room for it: what is wide takes two columns there, and what commands the terminal is not let through. */

/** Of East Asian scripts and pictures; where terminals differ, the wider. */
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** It stands on what is before it. */
const joined = /^(?:\p{Mn}|\p{Me}|\p{Cf})$/u;
const plain = /^[ -~]*$/;
let graphemes: Intl.Segmenter | undefined;

/** Columns that it takes. */
export function widthOf(text: string): number {
  if (plain.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += joined.test(character) ? 0 : wide.test(character) ? 2 : 1;
  // A picture where the character alone is none.
  return columns + (text.match(/\ufe0f/g)?.length ?? 0);
}

/** As much of its beginning as fits, on one line. */
export function fitted(text: string, columns: number): string {
  const shown = withoutControls(text);
  if (widthOf(shown) <= columns) return shown;
  let cut = '';
  let taken = 0;
  // Not before it is needed: to make one takes a good part of a process' start.
  graphemes ??= new Intl.Segmenter();
  for (const { segment } of graphemes.segment(shown)) {
    taken += widthOf(segment);
    if (taken > columns) return cut;
    cut += segment;
  }
  return cut;
}

/** A line break or a command to the terminal, in a name or a value of the user's, would tear what stays in place. */
export function withoutControls(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}

/** Filled up with spaces behind it, or before it. */
export function padded(text: string, columns: number, side: 'behind' | 'before' = 'behind'): string {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return side === 'behind' ? text + space : space + text;
}
