// Writes what follows from the experiment's schema: schema/experiment.schema.json for editors, and the tables of
// docs/experiment-file.md. Works on dist/, so build first. A test compares what is committed.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { experimentJsonSchemaText } from '../dist/common/experiment/json-schema.js';
import { withTables } from '../dist/common/experiment/reference-tables.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const generated = [
  { path: 'schema/experiment.schema.json', make: experimentJsonSchemaText },
  { path: 'docs/experiment-file.md', make: withTables },
];

for (const { path, make } of generated) {
  const file = join(root, path);
  writeFileSync(file, make(readFileSync(file, 'utf8')));
}
