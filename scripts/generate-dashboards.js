// Generates deploy/grafana/*.json from the dashboards as they are defined beside them; needs a built dist/. With --check it
// writes nothing and fails where what is committed differs.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { dashboards } from '../dist/deploy/grafana/dashboard.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../deploy/grafana');
const differing = [];
for (const [name, dashboard] of Object.entries(dashboards())) {
  const file = join(folder, `${name}.json`);
  const text = await format(JSON.stringify(dashboard), { ...(await resolveConfig(file)), filepath: file });
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) differing.push(file);
}
if (differing.length > 0) {
  console.error(`${differing.join(', ')}: not what the dashboards are; run \`npm run dashboards\``);
  process.exitCode = 1;
}
