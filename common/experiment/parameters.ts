/**
 * Values that stand for others: `$name` for a parameter's value, `=formula` for what it gives, `$$` for a dollar at the
 * start of a text. They may stand wherever a value does, outside `search`, and are replaced before anything is checked.
 */
import { Expression } from './expression/expression.js';
import { ExpressionError } from './expression/expression-error.js';
import { entry } from './corrected.js';
import { dotted, type Described } from './described.js';
import { show } from './requirement.js';
import { closest } from './suggest-value.js';

/** By name, without the dollar. */
export type Parameters = Readonly<Record<string, unknown>>;

export interface Replaced {
  /** Without references, as far as there are no findings. */
  value: unknown;
  findings: Described[];
  /** What is written where something was replaced, by dotted path. */
  written: ReadonlyMap<string, string>;
  /** Every parameter that is referred to. */
  names: ReadonlySet<string>;
  /** A formula could not be read, so that more may be referred to. */
  isTorn: boolean;
  /** Where a reference is left: what is checked of it says nothing. */
  left: PropertyKey[][];
}

export interface Known {
  /** The parameters that have a value. */
  values: Parameters;
  /** The space of a search, where the file has one: what it does not name is no parameter. */
  space?: Readonly<Record<string, unknown>> | undefined;
  /** Names of the space that have no value in some trials: only an option that has them can refer to them. */
  conditional?: ReadonlySet<string>;
  /** Parameters of the space may do without a value, as in the template of a sweep. */
  open?: boolean;
}

export function replaceReferences(root: unknown, known: Known): Replaced {
  const replacement = new Replacement(known);
  const value = replacement.replace(root, []);
  const { findings, written, names, isTorn, left } = replacement;
  return { value, findings, written, names, isTorn, left };
}

class Replacement {
  readonly findings: Described[] = [];
  readonly written = new Map<string, string>();
  readonly names = new Set<string>();
  readonly left: PropertyKey[][] = [];
  isTorn = false;

  constructor(private readonly known: Known) {}

  replace(value: unknown, path: PropertyKey[]): unknown {
    if (typeof value === 'string') return this.text(value, path);
    if (Array.isArray(value)) return value.map((member, index) => this.replace(member, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, member]): [string, unknown] =>
      path.length === 0 && key === 'search' ? [key, member] : [key, this.replace(member, [...path, key])],
    );
    return Object.fromEntries(entries);
  }

  private text(text: string, path: PropertyKey[]): unknown {
    if (text.startsWith('$$')) return text.slice(1);
    const braced = /^\$\{\s*(\w+)\s*\}$/.exec(text)?.[1];
    if (braced !== undefined)
      return this.refuse(text, path, `'${text}' has braces; write ${entry(path, `$${braced}`)}`);
    const name = /^\$([A-Za-z_]\w*)$/.exec(text)?.[1];
    if (name !== undefined) return this.reference(text, name, path);
    return text.startsWith('=') ? this.formula(text, path) : text;
  }

  private reference(text: string, name: string, path: PropertyKey[]): unknown {
    const problem = this.problemOf(name, path);
    if (problem !== undefined) return this.refuse(text, path, problem);
    if (!Object.hasOwn(this.known.values, name)) return this.leave(text, path);
    this.written.set(dotted(path), text);
    return this.known.values[name];
  }

  private formula(text: string, path: PropertyKey[]): unknown {
    try {
      const formula = Expression.parse(text.slice(1));
      const names = [...formula.references.keys()];
      const problems = names.flatMap((name) => this.problemOf(name, path) ?? []);
      if (problems.length > 0) return problems.map((problem) => this.refuse(text, path, problem))[0];
      if (!names.every((name) => Object.hasOwn(this.known.values, name))) return this.leave(text, path);
      this.written.set(dotted(path), text);
      return formula.evaluate(this.known.values);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.isTorn = true;
      const place = `in '${text}' at column ${error.column + 1}`;
      return this.refuse(text, path, `${place}: ${error.message}${cutAdvice(text, error)}`);
    }
  }

  /** Nothing where the parameter has a value, or need not have one. */
  private problemOf(name: string, path: PropertyKey[]): string | undefined {
    this.names.add(name);
    const { values, space, open, conditional } = this.known;
    if (Object.hasOwn(values, name)) return undefined;
    if (open && conditional?.has(name) === true)
      return `$${name} has no value where an option of the space without it is taken; refer to it within options that have it`;
    if (space && !Object.hasOwn(space, name))
      return unknownParameter(name, [...new Set([...Object.keys(space), ...Object.keys(values)])]);
    if (open) return undefined;
    const near = closest(name, Object.keys(values));
    if (near !== undefined) return `$${name} has no value; did you mean $${near}?`;
    const drawn = space ? `, which a sweep draws from ${show(space[name])}` : '';
    const override = `--set ${path.map(String).join('.')}=…`;
    return `$${name} is a parameter${drawn}; give it a value with --param ${name}=…, or in its place with ${override}`;
  }

  private refuse(text: string, path: PropertyKey[], problem: string): string {
    this.findings.push({ path, message: `${dotted(path)}: ${problem}` });
    return this.leave(text, path);
  }

  private leave(text: string, path: PropertyKey[]): string {
    this.left.push(path);
    return text;
  }
}

function unknownParameter(name: string, known: string[]): string {
  const near = closest(name, known);
  const list = known.length === 0 ? 'has no parameters' : `has ${known.join(', ')}`;
  return `there is no parameter $${name}; ${near === undefined ? `search.space ${list}` : `did you mean $${near}?`}`;
}

/** Of a formula that ends too early: a comma of YAML has cut it, or a shell has replaced the `$name` in it. */
function cutAdvice(text: string, { column }: ExpressionError): string {
  if (column < text.length) return '';
  const isOpen = text.split('(').length > text.split(')').length;
  if (isOpen) return "; within { } and [ ] a formula with a comma stands in quotes, such as '=max(1, $a)'";
  return '; if $name stood there, a shell has replaced it: single quotes keep it';
}
