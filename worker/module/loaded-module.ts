/**
 * A module that has been loaded: its parts, checked, with errors that name it. It belongs to one copy of TensorFlow and
 * runs on the thread that has that.
 */
import type { LayersModel, Tensor, Tensor2D } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import { layerNames } from '../../common/experiment/layer-schema.js';
import { suggestValue } from '../../common/experiment/suggest-value.js';
import { augmentNames } from '../../common/experiment/augment-schema.js';
import type { Experiment } from '../../common/experiment/schema.js';
import type { ModuleBundle } from '../../common/module-bundle.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import type { Draws } from '../data/batch-assembler.js';
import type { RawData } from '../data/raw-data.js';
import type { LayerClass } from '../layers/our-layers.js';
import { metricNames } from '../../common/experiment/metrics.js';
import type { DataShape } from '../model/model-experiment.js';
import type { TF } from '../tensorflow/load.js';
import { evaluateBundle } from './evaluate-bundle.js';
import { moduleFailure } from './failure.js';
import { rawDataOf } from './module-data.js';
import { isClassOfTfjs, moduleLayerClass, type Guard } from './module-layers.js';
import type { ModuleDefinition, ModuleLayerClass, ModuleLoss, UserModule } from './user-module.js';

/** Streams of draws for augmentation: so many samples for each entry of `augment`. */
const augmentStreams = 2 ** 30;
const augmentSamplesMax = 2 ** 22;

const kinds = {
  model: isFunction,
  layers: isRecordOfFunctions,
  loss: (value: unknown) => isFunction((value as Partial<ModuleLoss> | null)?.perSample),
  metrics: isRecordOfFunctions,
  augment: isRecordOfFunctions,
  dataSource: isFunction,
} as const;
type Kind = keyof typeof kinds;

const builtIn: Record<'layers' | 'metrics' | 'augment', readonly string[]> = {
  layers: layerNames,
  metrics: metricNames,
  augment: augmentNames,
};

const shapes: Record<Kind, string> = {
  model: 'a function that gives a tf.LayersModel',
  layers: 'classes by their names',
  loss: 'an object with a function perSample',
  metrics: 'functions by their names',
  augment: 'functions by their names',
  dataSource: 'a function that gives data',
};

export class LoadedModule {
  /** Classes of the module's layers by their names in the experiment file. */
  readonly layers: Readonly<Record<string, LayerClass>>;
  /** Of `export default` onwards: what no seed decides, once for each function. */
  readonly warnings: string[] = [];
  private readonly parts: UserModule;
  /** For what is computed with its parts. */
  readonly guarded: Guard;

  /** Errors: `usage` where it exports what no module has; `training` where its code throws. */
  constructor(
    tf: TF,
    readonly bundle: ModuleBundle,
    options: Record<string, unknown>,
    onWarning: (message: string) => void = () => undefined,
  ) {
    this.guarded = (what, run) => {
      try {
        return run();
      } catch (error) {
        throw moduleFailure(bundle, what, error);
      }
    };
    const told = new Set<string>();
    const onUnseeded = (name: string) => {
      if (told.has(name)) return;
      told.add(name);
      const why = 'which the seed does not decide, so the run may not be reproducible';
      const message = `module ${bundle.name} calls ${name}, ${why}; draw from the generator that it is given`;
      this.warnings.push(message);
      onWarning(message);
    };
    const exported = this.guarded('when it is loaded', () => evaluateBundle(tf, bundle, onUnseeded));
    if (exported === undefined) throw this.wrong('has no default export; write export default defineModule({ … })');
    const definition = exported as ModuleDefinition;
    const parts = isFunction(definition) ? this.guarded('defineModule', () => definition(options)) : definition;
    this.parts = this.checked(parts);
    for (const kind of Object.keys(builtIn) as (keyof typeof builtIn)[]) this.requireFreeNames(kind);
    this.layers = Object.fromEntries(
      Object.entries(parts.layers ?? {}).map(([name, given]) => {
        this.requireLayerClass(tf, name, given);
        return [name, moduleLayerClass(tf, name, given, this.guarded)];
      }),
    );
  }

  get name(): string {
    return this.bundle.name;
  }

  has(kind: Kind): boolean {
    return this.parts[kind] !== undefined;
  }

  /** Names of what the experiment file speaks of by name. */
  namesOf(kind: 'layers' | 'metrics' | 'augment'): string[] {
    return Object.keys(this.parts[kind] ?? {});
  }

  /** Under the names that a model.json has for them; another module may have taken them since. */
  registerLayers(tf: TF): void {
    for (const layer of Object.values(this.layers)) tf.serialization.registerClass(layer as never);
  }

  /** Errors: `usage` where it exports none. */
  buildModel(tf: TF, data: DataShape): LayersModel {
    const make = this.require('model');
    const model = this.guarded('model', () => make(data));
    if (!(model instanceof tf.LayersModel)) throw this.wrong('model must give a tf.LayersModel, such as of tf.model()');
    return model;
  }

  get loss(): Required<Omit<ModuleLoss, 'perSample'>> {
    const { labels = 'classes', finalActivation } = this.require('loss');
    return { labels, finalActivation: finalActivation ?? (labels === 'classes' ? 'softmax' : 'none') };
  }

  /** [count], differentiable. */
  lossPerSample(outputs: Tensor2D, labels: Tensor): Tensor {
    const loss = this.require('loss');
    return this.guarded('loss.perSample', () => perSample(loss.perSample(outputs, labels), outputs.shape[0]));
  }

  /** [count]. Errors: `usage` where it exports none of the name. */
  metric(name: string): ((outputs: Tensor2D, labels: Tensor) => Tensor) | undefined {
    const own = ownMember(this.parts.metrics, name);
    if (!own) return undefined;
    return (outputs, labels) =>
      this.guarded(`metrics.${name}`, () => perSample(own(outputs, labels), outputs.shape[0]));
  }

  /** What the experiment's own augmentations do to a batch, in place; undefined where there are none. */
  augmentation(experiment: Experiment, shape: number[]) {
    const steps = experiment.augment.flatMap((entry) => {
      const own = 'module' in entry ? ownMember(this.parts.augment, entry.module) : undefined;
      return own && 'module' in entry ? [{ own, what: `augment.${entry.module}`, options: entry.options }] : [];
    });
    if (steps.length === 0) return undefined;
    const features = shape.reduce((product, size) => product * size, 1);
    return (inputs: Float32Array, count: number, { seed, step, microBatch }: Draws) => {
      for (let sample = 0; sample < count; sample++) {
        const values = inputs.subarray(sample * features, (sample + 1) * features);
        for (const [entry, { own, what, options }] of steps.entries()) {
          const stream = augmentStreams + entry * augmentSamplesMax + sample;
          const random = new CounterRandom(seed, Purpose.user, step, microBatch, stream);
          this.guarded(what, () => own(values, { shape, random, options }));
        }
      }
    };
  }

  /** Errors: `data` where what it gives is no data; `training` where it throws. */
  async readData({ seed, data }: Experiment): Promise<RawData> {
    const read = this.require('dataSource');
    try {
      return rawDataOf(
        this.name,
        await read({ random: new CounterRandom(data.seed ?? seed, Purpose.user), path: data.path }),
      );
    } catch (error) {
      throw moduleFailure(this.bundle, 'dataSource', error);
    }
  }

  private require<Name extends Kind>(kind: Name): NonNullable<UserModule[Name]> {
    const part = this.parts[kind];
    if (part !== undefined) return part;
    throw this.wrong(`exports no ${kind}; ${this.whatThereIs()}`);
  }

  private whatThereIs(): string {
    const there = (Object.keys(kinds) as Kind[]).filter((kind) => this.has(kind));
    return there.length === 0 ? 'it exports nothing' : `it exports ${there.join(', ')}`;
  }

  private checked(parts: UserModule): UserModule {
    if (typeof parts !== 'object' || parts === null) {
      throw this.wrong(`defineModule is given ${String(parts)}, it takes an object such as { loss: … }`);
    }
    const known = Object.keys(kinds) as Kind[];
    for (const [key, value] of Object.entries(parts)) {
      const kind = known.find((each) => each === key);
      if (!kind) {
        const meant = suggestValue(key, known) || `; a module has ${known.join(', ')}`;
        throw this.wrong(`exports '${key}'${meant}`);
      }
      if (value !== undefined && !kinds[kind](value)) throw this.wrong(`${kind} must be ${shapes[kind]}`);
    }
    return parts;
  }

  /** A name means one thing. */
  private requireFreeNames(kind: keyof typeof builtIn): void {
    const taken = this.namesOf(kind).find((name) => builtIn[kind].includes(name));
    if (taken !== undefined) throw this.wrong(`${kind}.${taken}: what is built in has this name; choose another`);
  }

  private requireLayerClass(tf: TF, name: string, given: ModuleLayerClass): void {
    const own = `layers.${name}`;
    if (!(given.prototype instanceof tf.layers.Layer))
      throw this.wrong(`${own} must be a class that extends tf.layers.Layer`);
    // tfjs writes it into a model.json, also of a class that the module makes layers of itself.
    given.className ??= name;
    if (isClassOfTfjs(tf, given.className)) {
      throw this.wrong(`${own}: its className '${given.className}' is that of a layer of tfjs; choose another`);
    }
  }

  private wrong(message: string): PolyakError {
    return new PolyakError('usage', `module ${this.name}: ${message}`);
  }
}

function isFunction(value: unknown): value is (...args: never[]) => unknown {
  return typeof value === 'function';
}

function isRecordOfFunctions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isFunction);
}

function ownMember<Value>(members: Record<string, Value> | undefined, name: string): Value | undefined {
  return members && Object.hasOwn(members, name) ? members[name] : undefined;
}

/** Errors: for anything but one value for each sample. */
function perSample(values: Tensor, count: number): Tensor {
  const shape = Array.isArray(values?.shape) ? `[${values.shape.join(', ')}]` : String(values);
  if (shape === `[${count}]`) return values;
  throw new Error(`it gives ${shape}, it must give a tensor of one value for each sample, [${count}]`);
}
