/**
 * Makes one file of a user's module and its npm dependencies, the same on every machine: paths in it are relative to the
 * module. TensorFlow and polyak are left out, because a worker gives its own.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import type { BuildFailure, BuildOptions, Message, Metafile, Plugin } from 'esbuild';
import { PolyakError } from '../../common/errors.js';
import { moduleBytesMax, moduleSha256, type ModuleBundle } from '../../common/module-bundle.js';
import { isPolyak, isTensorFlow, refusedBuiltins } from '../../worker/module/imports.js';

const endings = /\.(ts|mts|js|mjs)$/;
/** A package that depends on one of these, or has such a file, loads a native addon. */
const addonPackages = ['bindings', 'node-gyp-build', 'node-pre-gyp', '@mapbox/node-pre-gyp', 'prebuild-install'];
const addonFiles = ['binding.gyp', 'src/binding.gyp', 'prebuilds'];

/**
 * Errors: `usage` for a file that does not exist, with file, line and column where it cannot be read or has an import
 * that cannot be had, and for what is too large to be sent.
 */
export async function bundleModule(file: string): Promise<ModuleBundle> {
  if (!existsSync(file)) {
    throw new PolyakError('usage', `module: '${file}' does not exist (looked in ${resolve(dirname(file))})`);
  }
  if (!endings.test(file)) throw new PolyakError('usage', `module: '${file}' must end in .ts, .mts, .js or .mjs`);
  const path = realpathSync(file);
  const name = basename(file);
  const folder = dirname(path);
  const { build } = await import('esbuild');
  const built = await build(buildOptions(folder, basename(path))).catch((error: unknown) => {
    throw new PolyakError('usage', problemsOf(error as Partial<BuildFailure>).join('\n'), { cause: error });
  });
  requireNoAddons(folder, built.metafile, name);
  const [output] = built.outputFiles;
  const code = output?.text ?? '';
  const bytes = Buffer.byteLength(code);
  if (bytes > moduleBytesMax) {
    throw new PolyakError(
      'usage',
      `module: ${name} has ${bytes} bytes with its packages, the most is ${moduleBytesMax}`,
    );
  }
  return { sha256: moduleSha256(code), name, code };
}

function buildOptions(folder: string, entry: string) {
  return {
    absWorkingDir: folder,
    entryPoints: [`./${entry}`],
    outfile: 'module.cjs',
    write: false,
    bundle: true,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    charset: 'utf8',
    keepNames: true,
    sourcemap: 'inline',
    sourcesContent: false,
    // Otherwise what is bundled would depend on the environment of whoever bundles.
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
    plugins: [importsPlugin],
  } as const satisfies BuildOptions;
}

const importsPlugin: Plugin = {
  name: 'polyak-imports',
  setup(build) {
    build.onResolve({ filter: /\.node$/ }, ({ path }) => ({
      errors: [{ text: `'${path}' is a native addon; a module is JavaScript alone, so that it runs on every worker` }],
    }));
    build.onResolve({ filter: /^(polyak|@tensorflow)(\/|$)/ }, ({ path }) => {
      if (isPolyak(path) || isTensorFlow(path)) return { path, external: true };
      const instead = path.startsWith('polyak') ? 'polyak/module' : '@tensorflow/tfjs';
      return { errors: [{ text: `'${path}' is no import of a module; import from '${instead}', which workers give` }] };
    });
    build.onResolve({ filter: /./ }, ({ path }) => {
      if (!isBuiltin(path)) return undefined;
      const plain = path.replace(/^node:/, '');
      if (!refusedBuiltins.has(plain)) return { path: `node:${plain}`, external: true };
      return { errors: [{ text: `'${path}' starts processes or threads, listens or loads code; a module may not` }] };
    });
  },
};

/** `module: my-module.ts:3:7: …`, a line for each. */
function problemsOf({ errors, message }: Partial<BuildFailure>): string[] {
  if (!errors || errors.length === 0) return [`module: ${message ?? 'cannot be bundled'}`];
  return errors.map(({ text, location }: Message) => {
    const place = location ? `${location.file}:${location.line}:${location.column + 1}: ` : '';
    return `module: ${place}${text}`;
  });
}

/** Most find their addon by a path that they work out when they run, so that the bundler does not see it. */
function requireNoAddons(folder: string, { inputs }: Metafile, name: string): void {
  const roots = new Set(
    Object.keys(inputs).flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []),
  );
  for (const root of roots) {
    const path = join(folder, root);
    if (!addonFiles.some((file) => existsSync(join(path, file))) && !dependsOnAddon(path)) continue;
    const packageName = root.slice(root.lastIndexOf('node_modules/') + 'node_modules/'.length);
    throw new PolyakError(
      'usage',
      `module: ${name} uses the package '${packageName}', which has a native addon; a module is JavaScript alone, so that it runs on every worker`,
    );
  }
}

function dependsOnAddon(folder: string): boolean {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return false;
  const { dependencies = {}, gypfile } = JSON.parse(readFileSync(file, 'utf8')) as {
    dependencies?: Record<string, string>;
    gypfile?: boolean;
  };
  return gypfile === true || addonPackages.some((each) => each in dependencies);
}
