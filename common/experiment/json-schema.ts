/**
 * The experiment's schema as JSON Schema (draft 7), for editors: they complete keys and mark slips while one writes. What
 * only a check can say is not in it, such as that microBatchSize divides batchSize.
 */
import { z } from 'zod';
import { moduleLayerListSchema } from './module-schema.js';
import { layerListSchema, experimentSchema, moduleExperimentSchema } from './schema.js';
import { layerNames, layerSchemas, nestedLayers } from './layer-schema.js';

interface Node {
  description?: string | undefined;
  default?: unknown;
  type?: string | string[];
  enum?: unknown[];
  pattern?: string;
  anyOf?: Node[];
  oneOf?: Node[];
  properties?: Record<string, Node>;
  items?: Node | Node[];
  $ref?: string;
  [key: string]: unknown;
}

const reference: Node = { $ref: '#/definitions/reference' };
/** With a module, more may stand there. */
const extended = ['data', 'augment', 'model', 'loss', 'metrics'] as const;
const layer: Node = { $ref: '#/definitions/layer' };

/** Of a module: its options are its own. */
const ownLayer: Node = { anyOf: [layer, { type: 'string' }, { type: 'object', minProperties: 1, maxProperties: 1 }] };

const referenceDefinition = {
  description: 'A parameter such as $width, or a formula over parameters such as =2 * $width.',
  type: 'string',
  pattern: String.raw`^(\$[A-Za-z_]\w*$|=)`,
};

/** As it is committed. */
export function experimentJsonSchemaText(): string {
  return `${JSON.stringify(experimentJsonSchema(), null, 2)}\n`;
}

export function experimentJsonSchema(): Node {
  const whole = z.strictObject({
    experiment: experimentSchema,
    withModule: moduleExperimentSchema,
    layer: z.strictObject(layerSchemas),
  });
  const { properties, definitions: shared } = z.toJSONSchema(whole, {
    target: 'draft-7',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === layerListSchema || zodSchema === nestedLayers)
        Object.assign(jsonSchema, { items: layer, minItems: 1 });
      if (zodSchema === moduleLayerListSchema) Object.assign(jsonSchema, { items: ownLayer, minItems: 1 });
    },
  }) as unknown as {
    properties: { experiment: Node; withModule: Node; layer: Node };
    definitions: Record<string, Node>;
  };
  const { search, ...keys } = properties.experiment.properties!;
  const own = properties.withModule.properties!;
  const choicesOf = (from: Record<string, Node>) =>
    Object.fromEntries(extended.map((key) => [key, { ...aboutOf(keys[key]!), ...open(from[key]!) }]));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Polyak experiment',
    ...properties.experiment,
    properties: { ...mapValues(keys, open), ...Object.fromEntries(extended.map((key) => [key, {}])), search: search! },
    if: { type: 'object', properties: { module: {} }, required: ['module'] },
    // oxlint-disable-next-line unicorn/no-thenable
    then: { type: 'object', properties: choicesOf(own) },
    else: { type: 'object', properties: choicesOf(keys) },
    definitions: {
      reference: referenceDefinition,
      layer: layerOf(properties.layer.properties!),
      ...mapValues(shared, within),
    },
  };
}

/** A map of one key; or a name alone, where no option is needed. */
function layerOf(layers: Record<string, Node>): Node {
  const bare = layerNames.filter((name) => layerSchemas[name].safeParse({}).success);
  const properties = Object.fromEntries(
    layerNames.map((name) => {
      const options = within(layers[name]!);
      return [name, bare.includes(name) ? { anyOf: [options, { type: 'null' }, reference] } : orReference(options)];
    }),
  );
  const map: Node = { type: 'object', properties, minProperties: 1, maxProperties: 1, additionalProperties: false };
  return { anyOf: [map, { enum: bare }, reference] };
}

/** Wherever a value may stand, a parameter or a formula may. */
function open(node: Node): Node {
  return orReference(within(node));
}

function within(node: Node): Node {
  // A reference may stand for what decides between the branches, so that several may fit.
  const { oneOf, anyOf = oneOf, properties, items, ...rest } = node;
  return {
    ...rest,
    ...(anyOf && { anyOf: anyOf.map(within) }),
    ...(properties && { properties: mapValues(properties, open) }),
    ...(items && { items: Array.isArray(items) ? items.map(open) : open(items) }),
  };
}

function orReference(node: Node): Node {
  if (isAnyText(node) || node.$ref === layer.$ref) return node;
  const { description, default: byDefault, ...value } = node;
  const { anyOf, ...beside } = value;
  const branches = anyOf && Object.keys(beside).length === 0 ? anyOf : [value];
  const about = { ...(description !== undefined && { description }), ...('default' in node && { default: byDefault }) };
  return { ...about, anyOf: [...branches, reference] };
}

function aboutOf({ description }: Node): Node {
  return description === undefined ? {} : { description };
}

function isAnyText({ type, enum: values, pattern, const: constant }: Node): boolean {
  return type === 'string' && values === undefined && pattern === undefined && constant === undefined;
}

function mapValues(nodes: Record<string, Node>, change: (node: Node) => Node): Record<string, Node> {
  return Object.fromEntries(Object.entries(nodes).map(([key, node]) => [key, change(node)]));
}
