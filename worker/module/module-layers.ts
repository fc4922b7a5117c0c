/**
 * A module's layer classes as our models use them: their weights get our first values instead of tfjs's, which are
 * drawn by no seed; their errors name the module; and they can draw as dropout does.
 */
import type { layers, Tensor } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import type { LayerClass } from '../layers/our-layers.js';
import type { TrainingContext } from '../layers/training-context.js';
import { initializerOf } from '../model/model-file.js';
import type { LayerNotes } from '../model/layer-list.js';
import type { TF } from '../tensorflow/load.js';
import type { ModuleLayerClass, ModuleRandom } from './user-module.js';

/** Runs what is the module's own, and says whose it was when it throws. */
export type Guard = <Value>(what: string, run: () => Value) => Value;

type Initializer = { getClassName(): string; getConfig(): Record<string, unknown> };

/** Draws of layers have numbers of their own, apart from those of augmentation and data. */
const layerStreams = 2 ** 31;
const attached = new WeakMap<layers.Layer, { context: TrainingContext; index: number }>();
const drawn = new WeakMap<layers.Layer, LayerNotes['initializers']>();

/**
 * The generator of a layer for the present micro-batch, begun anew at every call; undefined outside of a gradient, when
 * layers work as in evaluation.
 */
export function layerRandom(layer: layers.Layer): ModuleRandom | undefined {
  const { context, index } = attached.get(layer) ?? {};
  if (!context?.draws || index === undefined) return undefined;
  const { seed, step, microBatch } = context.draws;
  return new CounterRandom(seed, Purpose.user, step, microBatch, layerStreams + index);
}

/** Classes that were registered for modules; all others are tfjs's or ours. */
const madeHere = new WeakSet<object>();

export function isClassOfTfjs(tf: TF, className: string): boolean {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const registered = Object.hasOwn(classNameMap, className) ? classNameMap[className]?.[0] : undefined;
  return registered !== undefined && !madeHere.has(registered);
}

/** The initializers that the layer's weights were added with, by the weight's name; undefined for layers of tfjs. */
export function drawnInitializers(layer: layers.Layer): LayerNotes['initializers'] | undefined {
  return drawn.get(layer);
}

export function moduleLayerClass(tf: TF, name: string, given: ModuleLayerClass, guard: Guard): LayerClass {
  const Base = given as unknown as new (config: Record<string, unknown>) => layers.Layer;
  const own = `layers.${name}`;
  const made = class extends Base {
    static className = given.className ?? name;

    attach(context: TrainingContext, index: number): void {
      attached.set(this, { context, index });
    }

    override addWeight(...[weight, shape, dtype, initializer, ...rest]: Parameters<layers.Layer['addWeight']>) {
      note(this, `${own}: addWeight '${weight}'`, weight, initializer);
      return super.addWeight(weight, shape, dtype, tf.initializers.zeros(), ...rest);
    }

    override build(shape: Parameters<layers.Layer['build']>[0]): void {
      guard(own, () => super.build(shape));
    }

    override computeOutputShape(shape: Parameters<layers.Layer['computeOutputShape']>[0]) {
      return guard(own, () => super.computeOutputShape(shape));
    }

    override call(inputs: Tensor | Tensor[], kwargs: Parameters<layers.Layer['call']>[1]) {
      return guard(own, () => super.call(inputs, kwargs));
    }
  };
  // So that stack traces say whose it is.
  Object.defineProperty(made, 'name', { value: given.name });
  madeHere.add(made);
  return made;
}

/** Remembers what the weight is to be drawn by. Errors: `usage` for an initializer that has no counterpart. */
function note(layer: layers.Layer, where: string, weight: string, initializer: Initializer | undefined): void {
  if (weight.startsWith('moving_')) {
    throw new PolyakError('usage', `${where}: names that begin with 'moving_' are those of batch normalisation`);
  }
  const notes = drawn.get(layer) ?? {};
  drawn.set(layer, notes);
  if (!initializer) return;
  if (typeof initializer.getClassName !== 'function') {
    throw new PolyakError('usage', `${where}: its initializer must be such as tf.initializers.glorotNormal()`);
  }
  const config = Object.entries(initializer.getConfig()).map(([key, value]) => [key, snakeCase(value)]);
  notes[weight] = initializerOf({ class_name: initializer.getClassName(), config: Object.fromEntries(config) }, where);
}

/** tfjs's own configurations are in camel case, a model.json's in snake case. */
function snakeCase(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : value;
}
