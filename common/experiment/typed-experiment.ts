/**
 * The experiment as TypeScript sees it: wherever a value stands, a `$name` of a known parameter or a `=formula` may stand
 * too. The names come from `search.space` and from the values given, so that a misspelt one does not compile. Where any
 * text may stand, as in a path, a misspelt name is a text; the check when it runs says so. Types only.
 */
import type { z } from 'zod';
import type { layerSchemas, LayerName } from './layer-schema.js';
import type { experimentSchema } from './schema.js';
import type { Distribution, searchSchema } from './search-schema.js';

type Written = z.input<typeof experimentSchema>;
type Formula = `=${string}`;
/** What may stand for a value. */
type Reference<Name extends string> = `$${Name}` | Formula;

/** `Value`, with references wherever a value stands in it. */
type Referring<Value, Name extends string> = unknown extends Value
  ? Value
  : Value extends readonly unknown[]
    ? { readonly [Key in keyof Value]: Referring<Value[Key], Name> } | Reference<Name>
    : Value extends object
      ? { [Key in keyof Value]: Referring<Value[Key], Name> } | Reference<Name>
      : Value extends undefined
        ? Value
        : Value | Reference<Name>;

type NestingName = 'residual' | 'repeat';
type PlainName = Exclude<LayerName, NestingName>;
/** Such as `{ dense: { units: 10 } }`, one key to an object. */
type PlainLayer<Name extends string> = {
  [Layer in PlainName]: { [Key in Layer]: Referring<z.input<(typeof layerSchemas)[Layer]>, Name> };
}[PlainName];
type LayerList<Name extends string> = readonly LayerInput<Name>[];

/** A layer of the experiment's `model`; one without options may be its name alone. */
export type LayerInput<Name extends string = string> =
  | PlainName
  | PlainLayer<Name>
  | { residual: { layers: LayerList<Name>; shortcut?: LayerList<Name> } }
  | { repeat: { times: number | Reference<Name>; layers: LayerList<Name> } };

type SearchInput<Name extends string> = Frozen<Omit<z.input<typeof searchSchema>, 'space'>> & {
  space: { readonly [Key in Name]: DistributionInput };
};
type DistributionInput = Frozen<Distribution>;
type Frozen<Value> = Value extends readonly unknown[]
  ? readonly [...Value]
  : Value extends object
    ? { [Key in keyof Value]: Frozen<Value[Key]> }
    : Value;

/** What is not a value to be replaced: which run it is, the parts that are told apart by a key, and the search itself. */
type Special = 'name' | 'data' | 'model' | 'search';
type DataInput<Name extends string> = Written['data'] extends infer Data
  ? Data extends { source: infer Source }
    ? { source: Source } & { [Key in keyof Data as Exclude<Key, 'source'>]: Referring<Data[Key], Name> }
    : never
  : never;

/**
 * What a user writes in TypeScript. `Space` are the names of `search.space`, `Given` those that have a value beside it.
 */
export type ExperimentInput<Space extends string = string, Given extends string = never> = {
  [Key in keyof Written as Exclude<Key, Special>]: Referring<Written[Key], NoInfer<Space | Given>>;
} & {
  name: string;
  data: DataInput<NoInfer<Space | Given>>;
  model: LayerList<NoInfer<Space | Given>> | { file: string };
  search?: SearchInput<Space>;
};
