/** The YAML 1.2 text of an experiment, with overrides put into it; it knows at which line a value stands. */
import { LineCounter, isNode, parseDocument, type Document } from 'yaml';
import { PolyakError } from '../errors.js';
import { isUnder } from './search-reference.js';

export class ExperimentText {
  readonly document: Document;
  private readonly lines = new LineCounter();
  private readonly overrides: { path: PropertyKey[]; text: string }[] = [];

  /** Errors: `usage`, where it is no YAML, or has a key twice. */
  constructor(
    text: string,
    private readonly file: string,
  ) {
    this.document = parseDocument(text, { lineCounter: this.lines, uniqueKeys: true, prettyErrors: false });
    const problems = this.document.errors.map(({ pos, message }) => `${this.place(pos[0])}: ${message}`);
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
    if (value.errors[0]) throw new PolyakError('usage', `--set '${text}': ${value.errors[0].message}`);
    try {
      this.document.setIn(path, this.document.createNode(value.toJS()));
    } catch {
      const parent = path.slice(0, -1).join('.');
      throw new PolyakError('usage', `--set '${text}': '${parent}' is a value, it has no keys`);
    }
    this.overrides.push({ path, text });
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
