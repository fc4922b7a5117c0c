/** The package as it is published: packed, installed in another project, compiled against and run there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { ScratchProject } from './scratch-project.js';

const tsc = join(packageRoot(), 'node_modules/typescript/bin/tsc');
const strict = {
  ...{ target: 'es2023', lib: ['es2023'], types: ['node'], strict: true, skipLibCheck: false, noEmitOnError: true },
  ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true },
};

let project: ScratchProject;
beforeAll(() => {
  project = ScratchProject.install();
  project.write('program.ts', readFileSync(join(packageRoot(), 'test/package/program.ts'), 'utf8'));
});
afterAll(() => project.remove());

function expectToCompile(options: Record<string, unknown>, files = ['program.ts']): void {
  project.write('tsconfig.json', JSON.stringify({ compilerOptions: { ...strict, ...options }, files }));
  project.run(process.execPath, tsc, '-p', 'tsconfig.json');
}

describe('the package, installed elsewhere', () => {
  it('has what a user needs, and neither tests nor benchmarks', () => {
    const has = (path: string) => existsSync(join(project.path, 'node_modules/polyak', path));
    const needed = ['bin/polyak.js', 'proto/polyak/v1', 'examples/data', 'setup/wheels.json', 'docs', 'LICENSE'];
    expect(needed.filter((path) => !has(path))).toEqual([]);
    expect(['dist/test', 'dist/bench', 'test', 'node_modules'].filter(has)).toEqual([]);
  });

  it('compiles under strict as a bundler resolves it', () => {
    expectToCompile({ module: 'esnext', moduleResolution: 'bundler', noEmit: true });
  });

  it('compiles under strict with nodenext, trains a few steps and predicts', () => {
    expectToCompile({ module: 'nodenext', outDir: 'out' });
    const table = join(project.path, 'node_modules/polyak/examples/data/digits.csv.gz');
    const said = JSON.parse(project.run(process.execPath, 'out/program.js', table, 'runs')) as Record<string, unknown>;
    expect(said).toMatchObject({ steps: 5, same: true, code: 'usage' });
    expect(said['kinds']).toEqual(expect.arrayContaining(['started', 'progress', 'finished']));
    for (const sum of said['sums'] as number[]) expect(sum).toBeCloseTo(1, 5);
  });

  it('compiles what docs/library.md shows', () => {
    const text = readFileSync(join(packageRoot(), 'docs/library.md'), 'utf8');
    const blocks = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => code ?? '');
    expect(blocks.length).toBeGreaterThanOrEqual(3);
    for (const [index, code] of blocks.entries()) project.write(`shown-${index}.ts`, code);
    const files = blocks.map((_, index) => `shown-${index}.ts`);
    expectToCompile({ module: 'nodenext', noEmit: true }, files);
  });

  it('is imported without loading TensorFlow', () => {
    project.write(
      'imports.js',
      `import { readFileSync } from 'node:fs';
      import { createRequire } from 'node:module';
      const startedAt = performance.now();
      const library = await import('polyak');
      const milliseconds = performance.now() - startedAt;
      const files = Object.keys(createRequire(import.meta.url).cache);
      const engine = globalThis._tfengine !== undefined;
      const native = readFileSync('/proc/self/maps', 'utf8').includes('tensorflow');
      console.log(JSON.stringify({ names: Object.keys(library), milliseconds, engine, native, files }));`,
    );
    const said = JSON.parse(project.run(process.execPath, 'imports.js')) as Record<string, unknown>;
    process.stdout.write(`import: ${Math.round(said['milliseconds'] as number)} ms\n`);
    expect(said['names']).toEqual(
      expect.arrayContaining(['defineExperiment', 'defineModule', 'train', 'connect', 'loadRun']),
    );
    expect(said).toMatchObject({ engine: false, native: false });
    expect((said['files'] as string[]).filter((file) => file.includes('tensorflow'))).toEqual([]);
  });

  it('has its command', () => {
    expect(project.run('node_modules/.bin/polyak', '--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
