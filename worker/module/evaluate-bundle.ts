/**
 * Runs the code of a bundle and gives what it exports. The code has its own view of the clock and of Math.random, which
 * warns; it imports polyak and TensorFlow from here, so that there is one of each.
 */
import { createRequire, isBuiltin } from 'node:module';
import { compileFunction } from 'node:vm';
import { PolyakError } from '../../common/errors.js';
import type { ModuleBundle } from '../../common/module-bundle.js';
import type { TF } from '../tensorflow/load.js';
import { bundleFile } from './failure.js';
import { isPolyak, isTensorFlow, refusedBuiltins } from './imports.js';
import { layerRandom } from './module-layers.js';
import { defineModule } from './user-module.js';

/** Is told once of each function that no seed decides. */
export type OnUnseeded = (name: string) => void;

/** Errors: whatever the code throws; `usage` for an import that is not to be had. */
export function evaluateBundle(tf: TF, bundle: ModuleBundle, onUnseeded: OnUnseeded): unknown {
  const parameters = ['module', 'exports', 'require', 'Math', 'Date'];
  const run = compileFunction(bundle.code, parameters, { filename: bundleFile(bundle) }) as (
    ...args: unknown[]
  ) => void;
  const module: { exports: { default?: unknown } } = { exports: {} };
  run(module, module.exports, requireFor(tf, bundle, onUnseeded), watchedMath(onUnseeded), watchedDate(onUnseeded));
  return module.exports.default;
}

function requireFor(tf: TF, { name }: ModuleBundle, onUnseeded: OnUnseeded): (wanted: string) => unknown {
  const nodeRequire = createRequire(import.meta.url);
  const watched = watchedTensorFlow(tf, onUnseeded);
  const polyak = polyakFor(name);
  return (wanted) => {
    if (isPolyak(wanted)) return polyak;
    if (isTensorFlow(wanted)) return watched;
    if (isBuiltin(wanted) && !refusedBuiltins.has(wanted.replace(/^node:/, ''))) return nodeRequire(wanted);
    throw new PolyakError('usage', `module ${name}: imports '${wanted}', which was not bundled`);
  };
}

/** What a module gets of polyak. */
function polyakFor(name: string): object {
  const given: Record<string | symbol, unknown> = { defineModule, layerRandom, __esModule: true };
  return new Proxy(given, {
    get(target, key) {
      if (key in target || typeof key === 'symbol') return target[key];
      throw new PolyakError('usage', `module ${name}: imports '${key}' from polyak; a module gets ${publicNames}`);
    },
  });
}
const publicNames = 'defineModule and layerRandom';

function watchedMath(onUnseeded: OnUnseeded): object {
  const random = () => {
    onUnseeded('Math.random');
    return Math.random();
  };
  return Object.create(Math, { random: { value: random } }) as object;
}

function watchedDate(onUnseeded: OnUnseeded): DateConstructor {
  const now = () => {
    onUnseeded('Date.now');
    return Date.now();
  };
  return new Proxy(Date, {
    get: (target, key, receiver) => (key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown)),
    construct(target, args, made) {
      if (args.length === 0) onUnseeded('new Date');
      return Reflect.construct(target, args, made) as object;
    },
  });
}

/** Those draw from a generator of tfjs's own unless they are given a seed. */
const drawing = ['randomNormal', 'randomUniform', 'randomUniformInt', 'randomGamma', 'randomStandardNormal'] as const;
const alsoDrawing = ['truncatedNormal', 'multinomial', 'dropout', 'rand'] as const;

function watchedTensorFlow(tf: TF, onUnseeded: OnUnseeded): object {
  const members = tf as unknown as Record<string, (...args: unknown[]) => unknown>;
  const watched = [...drawing, ...alsoDrawing].filter((name) => typeof members[name] === 'function');
  const replaced = watched.map((name) => {
    const call = (...args: unknown[]) => {
      onUnseeded(`tf.${name}`);
      return members[name]!(...args);
    };
    return [name, call] as const;
  });
  return { ...tf, ...Object.fromEntries(replaced) };
}
