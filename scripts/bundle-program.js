// Bundles what `bin/polyak.js` and its threads run into dist/program/: Node takes about a millisecond to load a module, and
// each process would load four hundred. What is loaded when it is needed stays in files of its own.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const entries = {
  polyak: 'cli/polyak.js',
  'compute-thread': 'worker/compute-thread.js',
  'arithmetic-thread': 'server/arithmetic/arithmetic-thread.js',
  'sqlite-thread': 'coordinator/store/sqlite/sqlite-thread.js',
  'finish-thread': 'common/preprocessing/finish-thread.js',
};

// They look for files beside their own, or are large and seldom needed.
const external = [
  ...['@tensorflow/tfjs', 'better-sqlite3', 'echarts', 'esbuild', '@grpc/reflection', 'pg', 'pino', 'sharp'],
];

/** It reads a file beside its own, and left outside it would bring its own gRPC along. */
const healthCheck = {
  name: 'health-check',
  setup({ onLoad }) {
    onLoad({ filter: /grpc-health-check.build.src.health\.js$/ }, ({ path }) => {
      const folder = "require('node:path').dirname(require.resolve('grpc-health-check'))";
      return { contents: readFileSync(path, 'utf8').replaceAll('__dirname', folder) };
    });
  },
};

// Packages written for `require` have it in a bundle of `import`s, too.
const banner = `import { createRequire as requireOf } from 'node:module';
const require = requireOf(import.meta.url);`;

export async function bundleProgram(root) {
  const dist = join(root, 'dist');
  const target = join(dist, 'program');
  const made = join(dist, `program.${process.pid}`);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(dist, file)])),
    outdir: made,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.15',
    external,
    plugins: [healthCheck],
    banner: { js: banner },
    metafile: true,
    logLevel: 'warning',
  });
  writeFileSync(join(made, 'LICENSES.txt'), licencesOf(root, Object.keys(metafile.inputs)));
  rmSync(target, { recursive: true, force: true });
  renameSync(made, target);
}

/** Of every package of which something is in the bundle. */
function licencesOf(root, inputs) {
  const packages = new Set(inputs.flatMap((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []));
  const texts = [...packages]
    .toSorted((left, right) => left.localeCompare(right))
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      const file = readdirSync(join(root, folder)).find((each) => /^licen[sc]e/i.test(each));
      const text = file === undefined ? String(license) : readFileSync(join(root, folder, file), 'utf8');
      return `${name} ${version}\n\n${text.trim()}\n`;
    });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
