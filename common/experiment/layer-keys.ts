/** Which names are right at a place of the layer list: layers in a list, options in a layer. */
import { z } from 'zod';
import { layerNames, layerSchemas, type LayerName } from './layer-schema.js';

/** The names that may stand where the last part of the path does, such as `['model', 3, 'conv2d', 'filterz']`. */
export function layerKeysAt(path: PropertyKey[]): string[] {
  const parent = path.at(-2);
  if (typeof parent === 'number') return layerNames;
  const schema: unknown = Object.hasOwn(layerSchemas, String(parent)) ? layerSchemas[parent as LayerName] : undefined;
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [String(path.at(-1))];
}
