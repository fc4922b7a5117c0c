/** Does an experiment ask of its module only what that exports? */
import { PolyakError } from '../../common/errors.js';
import { layerNames, parseLayers, type Layer } from '../../common/experiment/layer-schema.js';
import { suggestValue } from '../../common/experiment/suggest-value.js';
import { augmentNames } from '../../common/experiment/augment-schema.js';
import type { Experiment } from '../../common/experiment/schema.js';
import { metricNames } from '../../common/experiment/metrics.js';
import { nameOf } from '../../common/experiment/named-option.js';
import type { LoadedModule } from './loaded-module.js';

/** Errors: `usage`, a line for each name that is neither built in nor the module's. */
export function requireUsedNames(experiment: Experiment, module: LoadedModule): void {
  const { model, loss, data, metrics, augment } = experiment;
  const wrong: string[] = [];
  const require = (place: string, kind: 'model' | 'loss' | 'dataSource') => {
    if (!module.has(kind)) wrong.push(`${place}: 'module' is the module's ${kind}, but ${module.name} exports none`);
  };
  if (data.source === 'module') require('data.source', 'dataSource');
  if (model === 'module') require('model', 'model');
  if (loss === 'module') require('loss', 'loss');
  const unknown = (place: string, what: string, name: string, builtIn: readonly string[], own: string[]) => {
    if (own.includes(name) || builtIn.includes(name)) return;
    const exported = own.length === 0 ? 'exports none' : `exports ${own.join(', ')}`;
    const meant = suggestValue(name, [...own, ...builtIn]) || `; built in are ${builtIn.join(', ')}`;
    wrong.push(`${place}: there is no ${what} '${name}'; ${module.name} ${exported}${meant}`);
  };
  const layers = Array.isArray(model) ? customLayers(parseLayers(model, { custom: true })) : [];
  for (const { path, layer } of layers) unknown(path, 'layer', layer, layerNames, module.namesOf('layers'));
  for (const [index, metric] of metrics.entries()) {
    unknown(`metrics[${index}]`, 'metric', nameOf<string>(metric), metricNames, module.namesOf('metrics'));
  }
  for (const [index, entry] of augment.entries()) {
    if (!('module' in entry)) continue;
    unknown(`augment[${index}]`, 'augmentation', entry.module, augmentNames, module.namesOf('augment'));
  }
  if (wrong.length > 0) throw new PolyakError('usage', wrong.join('\n'));
}

function customLayers(layers: Layer[]): Extract<Layer, { type: 'custom' }>[] {
  return layers.flatMap((layer) => {
    if (layer.type === 'custom') return [layer];
    if (!('layers' in layer)) return [];
    return customLayers([...layer.layers, ...('shortcut' in layer ? (layer.shortcut ?? []) : [])]);
  });
}
