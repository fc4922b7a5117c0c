// Writes schema/openapi.json, the description of the coordinator's HTTP API, from its routes. Works on dist/, so build first.
// A test compares what is committed.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openApiText } from '../dist/coordinator/http/openapi.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
writeFileSync(join(root, 'schema/openapi.json'), openApiText());
