/** Which tensors of a model come from which of a source, and all that does not fit. Pure: nothing is read. */
import { suggestName } from '../../common/experiment/suggest-value.js';
import type { Transfer } from '../../common/experiment/transfer-schema.js';
import type { Manifest, TensorSpec } from '../../common/manifest.js';
import { fillPattern, matchPattern } from '../../common/name-pattern.js';
import { torchName, torchShape } from './torch-layout.js';

export interface TransferPlan {
  /** Names in the source, by the model's. */
  taken: Map<string, string>;
  /** Names of what is drawn anew: the head. */
  drawn: string[];
  /** Names in the source that nothing takes. */
  left: string[];
  /** A line each; with one, nothing must be taken. */
  problems: string[];
}

type Mapping = Pick<Transfer, 'layout' | 'map' | 'head' | 'features'>;

/** Drawn ones would be frozen at random; those of these are meant. */
const fixedInitializers = new Set(['zeros', 'ones', 'constant']);

export function planTransfer(
  { parameters, statistics }: Pick<Manifest, 'parameters' | 'statistics'>,
  source: { name: string; shapes: ReadonlyMap<string, readonly number[]> },
  transfer: Mapping,
): TransferPlan {
  const used = new Set<string>();
  const plan: TransferPlan = { taken: new Map(), drawn: [], left: [], problems: [] };
  const tensors = [...parameters, ...statistics];
  const isHead = headOf(transfer.head, tensors, plan.problems);
  const found = tensors.map((tensor) => ({ tensor, theirs: nameThere(tensor.name, transfer, used) }));
  const withSome = new Set(
    found.flatMap(({ tensor, theirs }) => (source.shapes.has(theirs) ? [layerOf(tensor.name)] : [])),
  );
  for (const { tensor, theirs } of found) {
    const { name, shape, frozen, initializer } = tensor;
    const there = isHead(name) ? undefined : source.shapes.get(theirs);
    if (there) {
      const wanted = transfer.layout === 'torch' ? torchShape(roleOf(name), shape) : shape;
      if (there.join() === wanted.join()) plan.taken.set(name, theirs);
      else plan.problems.push(differing(tensor, wanted, { name: theirs, shape: there }));
      continue;
    }
    plan.drawn.push(name);
    if (isHead(name)) continue;
    if (withSome.has(layerOf(name)))
      plan.problems.push(`${name}: '${theirs}' is not there, though others of the layer are`);
    else if (frozen && !fixedInitializers.has(initializer.name)) {
      plan.problems.push(`${name}: '${theirs}' is not there, and it is frozen, so that it would stay as it is drawn`);
    }
  }
  // A cut model lacks what is mapped behind the cut.
  const idle = transfer.features === undefined ? Object.keys(transfer.map).filter((key) => !used.has(key)) : [];
  for (const key of idle) {
    const names = tensors.map(({ name }) => (key.includes('/') ? name : layerOf(name)));
    plan.problems.push(`map: '${key}' is no layer or weight of the model${suggestName(key, [...new Set(names)])}`);
  }
  const takes = new Set(plan.taken.values());
  plan.left = [...source.shapes.keys()].filter((name) => !takes.has(name));
  if (takes.size === 0 && plan.problems.length === 0) plan.problems.push(nothing(found, source.shapes));
  return plan;
}

function headOf(head: readonly string[], tensors: readonly TensorSpec[], problems: string[]) {
  const layers = tensors.map(({ name }) => layerOf(name));
  for (const pattern of head) {
    if (!layers.some((layer) => matchPattern(pattern, layer)))
      problems.push(
        `head: the model has no layer '${pattern}' with weights${suggestName(pattern, [...new Set(layers)])}`,
      );
  }
  return (name: string) => head.some((pattern) => matchPattern(pattern, layerOf(name)));
}

/** By the first entry of the map that fits: one of the whole name goes before one of the layer. */
function nameThere(name: string, { layout, map }: Mapping, used: Set<string>): string {
  const [layer, role] = [layerOf(name), roleOf(name)];
  const entries = Object.entries(map);
  const ofWhole = entries.filter(([key]) => key.includes('/')).map((entry) => ({ entry, from: name }));
  const ofLayer = entries.filter(([key]) => !key.includes('/')).map((entry) => ({ entry, from: layer }));
  const fitting = [...ofWhole, ...ofLayer].flatMap(({ entry: [key, theirs], from }) => {
    const filling = matchPattern(key, from);
    return filling ? [{ key, name: fillPattern(theirs, filling) }] : [];
  });
  for (const { key } of fitting) used.add(key);
  const [first] = fitting;
  if (first?.key.includes('/') === true) return first.name;
  const prefix = first?.name ?? layer;
  return layout === 'torch' ? `${prefix}.${torchName(role)}` : `${prefix}/${role}`;
}

function differing(
  { name, shape }: TensorSpec,
  wanted: readonly number[],
  there: { name: string; shape: readonly number[] },
): string {
  const turned = wanted.join() === shape.join() ? '' : `, there [${wanted.join(', ')}]`;
  return `${name} has shape [${shape.join(', ')}]${turned}, '${there.name}' has [${there.shape.join(', ')}]; draw the layer anew with head: [${layerOf(name)}], or map it`;
}

function nothing(found: readonly { theirs: string }[], shapes: ReadonlyMap<string, unknown>): string {
  const some = (names: Iterable<string>) => [...names].slice(0, 4).join(', ');
  return `none of the model's weights is there; looked for ${some(found.map(({ theirs }) => theirs))}, …; there are ${some(shapes.keys())}, …`;
}

function layerOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}

export function roleOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
