/** The layers of a model one after the other, also those within blocks; without those of a module, of which nothing is known. */
import type { Layer } from './layer-schema.js';

export type BuiltInLayer = Exclude<Extract<Layer, { options: unknown }>, { type: 'custom' }>;

export function plainLayers(layers: Layer[]): BuiltInLayer[] {
  return layers.flatMap((layer) => {
    if (layer.type === 'custom') return [];
    if ('options' in layer) return [layer];
    const shortcut = layer.type === 'residual' ? (layer.shortcut ?? []) : [];
    return plainLayers([...layer.layers, ...shortcut]);
  });
}

/** Of a layer's `path`, the keys and places. */
export function pathParts(path: string): PropertyKey[] {
  const parts = path.split(/[.[\]]+/).filter(Boolean);
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
