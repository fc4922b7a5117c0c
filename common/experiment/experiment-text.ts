/** The YAML 1.2 text of an experiment, with overrides put into it; it knows at which line a value stands. */
import { LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, Node, YAMLError, YAMLMap } from 'yaml';
import { PolyakError } from '../errors.js';
import { readAssignment } from './assignment.js';
import { isUnder } from './described.js';
import { duplicateKeys, type DuplicateKey } from './duplicate-keys.js';
import { firstOfEachLine, inWords } from './yaml-error.js';

type Problem = YAMLError | { pos: [number, number]; duplicate: DuplicateKey };

/** The parser takes minutes and gigabytes for thousands. */
const nestingMax = 100;

export class ExperimentText {
  readonly document: Document;
  private readonly lines = new LineCounter();
  private readonly overrides: { path: PropertyKey[]; origin: string }[] = [];

  /** Errors: `usage`, where it is no YAML, or has a key twice. */
  constructor(
    private readonly text: string,
    private readonly file: string,
  ) {
    if (nestingOf(text) > nestingMax) {
      throw new PolyakError('usage', `${file}: is nested deeper than ${nestingMax} brackets`);
    }
    const options = { lineCounter: this.lines, uniqueKeys: false, prettyErrors: false, merge: true };
    this.document = parseDocument(text, options);
    const { errors, warnings } = this.document;
    const problems: Problem[] = [...errors, ...duplicateKeys(this.document).map(problemOf), ...warnings];
    const inOrder = problems.toSorted((left, right) => left.pos[0] - right.pos[0]);
    const told = firstOfEachLine(inOrder, text).map(
      (problem) => `${this.place(problem.pos[0])}: ${this.inWords(problem)}`,
    );
    if (told.length > 0) throw new PolyakError('usage', told.join('\n'));
  }

  /** `optimizer.adam.learningRate=3e-4`; the value is YAML. Errors: `usage`. */
  override(text: string): void {
    const { origin, name, value } = readAssignment('--set', text, 'path=value, such as train.epochs=3');
    const path = name.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    try {
      this.unshare(path);
      this.document.setIn(path, this.document.createNode(value));
    } catch {
      const parent = path.slice(0, -1).join('.');
      throw new PolyakError('usage', `${origin}: '${parent}' is a value, it has no keys`);
    }
    this.overrides.push({ path, origin });
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
    const node = this.nodeAt(path);
    return isScalar(node) && typeof node.value === 'number' ? node.source : undefined;
  }

  /** Is there a key, and no value after it? */
  isEmpty(path: PropertyKey[]): boolean {
    const node = this.nodeAt(path);
    return isScalar(node) && node.value === null && (node.source ?? '') === '';
  }

  /** `file:line:column` of the value, or of what is nearest above it; the override, where it comes from one. */
  position(path: PropertyKey[]): string {
    const override = this.overrides.findLast((candidate) => isUnder(path, candidate.path));
    return override ? override.origin : this.place(this.offset(path));
  }

  /** First character of the value, or of what is nearest above it. */
  offset(path: PropertyKey[]): number {
    for (let length = path.length; length > 0; length--) {
      const range = this.nodeAt(path.slice(0, length))?.range;
      if (range) return range[0];
    }
    return 0;
  }

  /** As getIn of the document, but through aliases and merged maps. */
  private nodeAt(path: PropertyKey[]): Node | undefined {
    let node = this.resolve(this.document.contents);
    for (const part of path) node = this.resolve(this.memberOf(node, part));
    return node;
  }

  private memberOf(node: Node | undefined, part: PropertyKey): unknown {
    if (isSeq(node)) return node.get(part, true);
    if (!isMap(node)) return undefined;
    return (
      node.get(part, true) ??
      this.mergedInto(node)
        .find((source) => source.has(part))
        ?.get(part, true)
    );
  }

  private mergedInto(map: YAMLMap): YAMLMap[] {
    return map.items.flatMap(({ key, value }) => {
      if (!isScalar(key) || key.source !== '<<') return [];
      const source = this.resolve(value);
      const sources = isSeq(source) ? source.items.map((item) => this.resolve(item)) : [source];
      return sources.filter((each): each is YAMLMap => isMap(each));
    });
  }

  private resolve(node: unknown): Node | undefined {
    if (isAlias(node)) return node.resolve(this.document);
    return isNode(node) ? node : undefined;
  }

  /** An override changes one place, not all that have the same anchor: aliases on the way to it become copies. */
  private unshare(path: PropertyKey[]): void {
    for (let length = 1; length < path.length; length++) {
      const node: unknown = this.document.getIn(path.slice(0, length), true);
      const target = isAlias(node) ? node.resolve(this.document) : undefined;
      if (target) this.document.setIn(path.slice(0, length), this.document.createNode(target.toJS(this.document)));
    }
  }

  private inWords(problem: Problem): string {
    if (!('duplicate' in problem)) return inWords(problem, this.text);
    const { name, first } = problem.duplicate;
    const { line } = this.lines.linePos(first);
    return `'${name}' stands here a second time, first in line ${line}; a map has a key once, take one of them out`;
  }

  private place(offset: number): string {
    const { line, col } = this.lines.linePos(offset);
    return `${this.file}:${line}:${col}`;
  }
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

function problemOf(duplicate: DuplicateKey): Problem {
  return { pos: [duplicate.offset, duplicate.offset + 1], duplicate };
}
