/** What a YAML parser says of a slip, in our words, with the line as it should be where that is plain. */
import type { YAMLError } from 'yaml';

const braces = /\$\{\s*(\w+)\s*\}/;

/** `text` is what was parsed. */
export function inWords({ code, message, pos }: YAMLError, text: string): string {
  const line = lineAt(text, pos[0]);
  const braced = braces.exec(line);
  if (braced) return `'${braced[0]}' has braces; write $${braced[1]}`;
  if (code === 'TAB_AS_INDENT' || (code === 'BAD_INDENT' && /^ *\t/.test(line))) {
    const corrected = line.replace(/^\s+/, (indent) => indent.replaceAll('\t', '  ')).trimEnd();
    return `a tab indents this line, YAML is indented by spaces; write '${corrected}'`;
  }
  if (code === 'MULTIPLE_DOCS') return "a second document begins, a file holds one experiment; take the '---' out";
  const glued = code === 'MULTILINE_IMPLICIT_KEY' ? /^[\s-]*(\w+):([^\s:].*)$/.exec(line) : null;
  if (glued) return `a space is missing after the colon; write '${glued[1]}: ${glued[2]}'`;
  return message;
}

/** A slip makes others behind it: of each line, the first; where braces have torn the rest, only theirs. */
export function firstOfEachLine<Error extends Pick<YAMLError, 'pos'>>(errors: Error[], text: string): Error[] {
  const seen = new Set<number>();
  const first = errors.filter(({ pos }) => {
    const line = text.slice(0, pos[0]).split('\n').length;
    return !seen.has(line) && seen.add(line);
  });
  const torn = first.filter(({ pos }) => braces.test(lineAt(text, pos[0])));
  return torn.length > 0 ? torn : first;
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, end === -1 ? undefined : end);
}
