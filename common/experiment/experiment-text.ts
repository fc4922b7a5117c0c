/** The YAML 1.2 text of an experiment, with overrides put into it; it knows at which line a value stands. */
import { LineCounter, isNode, isScalar, parseDocument, type Document, type YAMLError } from 'yaml';
import { PolyakError } from '../errors.js';
import { isUnder } from './search-reference.js';

/** The parser takes minutes and gigabytes for thousands. */
const nestingMax = 100;

export class ExperimentText {
  readonly document: Document;
  private readonly lines = new LineCounter();
  private readonly overrides: { path: PropertyKey[]; text: string }[] = [];

  /** Errors: `usage`, where it is no YAML, or has a key twice. */
  constructor(
    text: string,
    private readonly file: string,
  ) {
    if (nestingOf(text) > nestingMax) {
      throw new PolyakError('usage', `${file}: is nested deeper than ${nestingMax} brackets`);
    }
    this.document = parseDocument(text, { lineCounter: this.lines, uniqueKeys: true, prettyErrors: false });
    const { errors, warnings } = this.document;
    const problems = [...errors, ...warnings].map((error) => `${this.place(error.pos[0])}: ${inWords(error)}`);
    if (problems.length > 0) throw new PolyakError('usage', problems.join('\n'));
  }

  /** `optimizer.adam.learningRate=3e-4`; the value is YAML. Errors: `usage`. */
  override(text: string): void {
    const equals = text.indexOf('=');
    if (equals < 1) throw new PolyakError('usage', `--set '${text}': must be path=value, such as train.epochs=3`);
    const path = text
      .slice(0, equals)
      .split('.')
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    const value = parseDocument(text.slice(equals + 1), { prettyErrors: false });
    if (value.errors[0]) throw new PolyakError('usage', `--set '${text}': ${inWords(value.errors[0])}`);
    try {
      this.document.setIn(path, this.document.createNode(value.toJS()));
    } catch {
      const parent = path.slice(0, -1).join('.');
      throw new PolyakError('usage', `--set '${text}': '${parent}' is a value, it has no keys`);
    }
    this.overrides.push({ path, text });
  }

  /** Errors: `usage`, where an alias has no anchor, or aliases of aliases unfold to more than a file may hold. */
  value(): unknown {
    try {
      return this.document.toJS();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new PolyakError('usage', `${this.file}: its aliases cannot be resolved: ${why}`, { cause: error });
    }
  }

  /** A number as it is written, which may have more digits than the number. */
  digits(path: PropertyKey[]): string | undefined {
    const node: unknown = this.document.getIn(path, true);
    return isScalar(node) && typeof node.value === 'number' ? node.source : undefined;
  }

  /** `file:line:column` of the value, or of what is nearest above it; the override, where it comes from one. */
  position(path: PropertyKey[]): string {
    const override = this.overrides.findLast((candidate) => isUnder(path, candidate.path));
    return override ? `--set '${override.text}'` : this.place(this.offset(path));
  }

  /** First character of the value, or of what is nearest above it. */
  offset(path: PropertyKey[]): number {
    for (let length = path.length; length > 0; length--) {
      const node = this.document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  }

  private place(offset: number): string {
    const { line, col } = this.lines.linePos(offset);
    return `${this.file}:${line}:${col}`;
  }
}

function inWords({ code, message }: YAMLError): string {
  if (code === 'DUPLICATE_KEY') return 'this key stands here a second time, a map has a key once';
  if (code === 'MULTIPLE_DOCS') return "a second document begins, a file holds one experiment; take the '---' out";
  if (code === 'TAB_AS_INDENT') return 'a tab indents this line, YAML is indented by spaces';
  return message;
}

/** Brackets within brackets. */
function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth);
    else if ((character === ']' || character === '}') && depth > 0) depth--;
  }
  return deepest;
}
