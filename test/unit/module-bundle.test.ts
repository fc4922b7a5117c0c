/** What becomes of a module's file: one bundle, the same everywhere, or an error that names what stands in the way. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bundleModule } from '../../cli/module/bundle.js';
import { PolyakError } from '../../common/errors.js';
import { cachedModulePath, moduleBytesMax, moduleSha256, writeModule } from '../../common/module-bundle.js';
import { obtainModule } from '../../worker/module/obtain-module.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-bundle-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const moduleWith = (line: string) => `${line}
import * as tf from '@tensorflow/tfjs';
import { defineModule } from 'polyak/module';
export default defineModule({ loss: { perSample: (outputs) => tf.sum(outputs, 1) } });
`;
const withPackage = {
  'own.ts': moduleWith(`import { twice } from 'twice'; export const used: number = twice(2);`),
  'node_modules/twice/package.json': '{ "name": "twice", "version": "1.0.0", "main": "index.js" }',
  'node_modules/twice/index.js': 'exports.twice = (x) => 2 * x; // of the package',
};

async function refusal(files: Record<string, string>, entry = 'own.ts'): Promise<string> {
  const folder = folderWith(files);
  const error: unknown = await bundleModule(join(folder, entry)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PolyakError);
  expect((error as PolyakError).code).toBe('usage');
  return (error as PolyakError).message.replaceAll(folder, 'FOLDER');
}

describe('a bundle', () => {
  it('has the packages of npm in it, but neither TensorFlow nor polyak', async () => {
    const { code, sha256, name } = await bundleModule(join(folderWith(withPackage), 'own.ts'));
    expect(code).toContain('.twice = (x) => 2 * x');
    expect(code).toContain('require("@tensorflow/tfjs")');
    expect(code).toContain('require("polyak/module")');
    expect(code.length).toBeLessThan(20_000);
    expect(sha256).toBe(moduleSha256(code));
    expect(name).toBe('own.ts');
  });

  it('is the same from another folder', async () => {
    const [one, other] = [folderWith(withPackage), folderWith(withPackage)];
    const first = await bundleModule(join(one, 'own.ts'));
    expect((await bundleModule(join(other, 'own.ts'))).sha256).toBe(first.sha256);
    expect(first.code).not.toContain(one);
    writeFileSync(join(other, 'node_modules/twice/index.js'), 'exports.twice = (x) => x + x;');
    expect((await bundleModule(join(other, 'own.ts'))).sha256).not.toBe(first.sha256);
  });
});

describe('a module is refused', () => {
  it('with a native addon, by its name', async () => {
    const files = { 'own.ts': moduleWith(`import addon from './addon.node'; export { addon };`), 'addon.node': '' };
    expect(await refusal(files)).toBe(
      "module: own.ts:1:19: './addon.node' is a native addon; a module is JavaScript alone, so that it runs on every worker",
    );
  });

  it('with a package that has a native addon, by the name of the package', async () => {
    const files = {
      'own.ts': moduleWith(`import '@some/fast';`),
      'node_modules/@some/fast/package.json': '{ "name": "@some/fast", "dependencies": { "bindings": "^1.5.0" } }',
      'node_modules/@some/fast/index.js': 'exports.fast = true;',
    };
    expect(await refusal(files)).toBe(
      "module: own.ts uses the package '@some/fast', which has a native addon; a module is JavaScript alone, so that it runs on every worker",
    );
  });

  it('with a slip, at its line and column', async () => {
    const message = await refusal({ 'own.ts': 'const a = 1;\nconst b = a +;\n' });
    expect(message).toBe('module: own.ts:2:14: Unexpected ";"');
  });

  it('with an import that cannot be had', async () => {
    expect(await refusal({ 'own.ts': `import 'nowhere';` })).toBe('module: own.ts:1:8: Could not resolve "nowhere"');
    expect(await refusal({ 'own.ts': `import '@tensorflow/tfjs-core/dist/log';` })).toBe(
      "module: own.ts:1:8: '@tensorflow/tfjs-core/dist/log' is no import of a module; import from '@tensorflow/tfjs', which workers give",
    );
    expect(await refusal({ 'own.ts': `import { spawn } from 'child_process'; spawn('ls');` })).toBe(
      "module: own.ts:1:23: 'child_process' starts processes or threads, listens or loads code; a module may not",
    );
  });

  it('with more than a message holds', async () => {
    const files = { 'own.ts': `export default ${JSON.stringify('x'.repeat(moduleBytesMax))};` };
    expect(await refusal(files)).toMatch(/^module: own\.ts has \d+ bytes with its packages, the most is 16777216$/);
  });

  it('where it is not', async () => {
    expect(await refusal({}, 'own.ts')).toBe("module: 'FOLDER/own.ts' does not exist (looked in FOLDER)");
    expect(await refusal({ 'own.py': '' }, 'own.py')).toBe(
      "module: 'FOLDER/own.py' must end in .ts, .mts, .js or .mjs",
    );
  });
});

describe('a worker', () => {
  const code = 'module.exports = {};';
  const wanted = { sha256: moduleSha256(code), name: 'own.ts' };
  const inCache = async (run: () => Promise<void>) => {
    const before = process.env['POLYAK_CACHE'];
    process.env['POLYAK_CACHE'] = folderWith({});
    try {
      await run();
    } finally {
      if (before === undefined) delete process.env['POLYAK_CACHE'];
      else process.env['POLYAK_CACHE'] = before;
    }
  };

  it('runs no bundle whose SHA-256 is not the one of the experiment', async () => {
    await inCache(async () => {
      const torn = Buffer.from(`${code} `);
      await expect(obtainModule(wanted, async () => torn)).rejects.toThrow(
        `module own.ts: what the lead sent has sha256 ${moduleSha256(torn)}, the experiment's is ${wanted.sha256}; it is torn or was changed`,
      );
      const { code: got } = await obtainModule(wanted, async () => Buffer.from(code));
      expect(got).toBe(code);
    });
  });

  it('asks the lead once, and again when what it has kept is torn', async () => {
    await inCache(async () => {
      let asked = 0;
      const fetch = async () => {
        asked += 1;
        return Buffer.from(code);
      };
      for (let time = 0; time < 2; time++) await obtainModule(wanted, fetch);
      expect(asked).toBe(1);
      await writeModule(cachedModulePath(wanted.sha256), 'module.exports = {');
      expect((await obtainModule(wanted, fetch)).code).toBe(code);
      expect(asked).toBe(2);
    });
  });
});
