// Builds dist/: every AssemblyScript kernel to WebAssembly, then TypeScript to JavaScript.
// A kernel is compiled again only when its source is newer than its output.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const assembly = join(root, 'common/kernels/assembly');
const output = join(root, 'dist/kernels');

const ascOptions =
  '--optimizeLevel 3 --shrinkLevel 0 --noAssert --runtime stub --enable simd,threads,bulk-memory ' +
  '--importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 --memoryBase 1024';

function newerThan(source, target) {
  return !existsSync(target) || statSync(source).mtimeMs > statSync(target).mtimeMs;
}

function packageBin(name, bin) {
  return join(root, 'node_modules', name, bin);
}

mkdirSync(output, { recursive: true });
for (const file of readdirSync(assembly).filter((name) => name.endsWith('.ts'))) {
  const source = join(assembly, file);
  const target = join(output, file.replace(/\.ts$/, '.wasm'));
  if (newerThan(source, target)) {
    const asc = packageBin('assemblyscript', 'bin/asc.js');
    execFileSync(process.execPath, [asc, source, '--outFile', target, ...ascOptions.split(' ')], { stdio: 'inherit' });
  }
}
execFileSync(process.execPath, [packageBin('typescript', 'bin/tsc'), '-p', root], { stdio: 'inherit' });
