/** Compiles the WebAssembly kernels of dist/kernels, each once per thread, and binds them to a memory. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.js';

const modules = new Map<string, WebAssembly.Module>();

/**
 * The exported functions of `assembly/<name>.ts` over the memory, whose maximum must be given and which must be
 * shared. A kernel keeps no state, so that any number of instances may work on one memory.
 */
export function instantiateKernel(name: string, memory: WebAssembly.Memory): WebAssembly.Exports {
  return new WebAssembly.Instance(kernelModule(name), { env: { memory } }).exports;
}

function kernelModule(name: string): WebAssembly.Module {
  let module = modules.get(name);
  if (!module) {
    const file = join(packageRoot(), 'dist/kernels', `${name}.wasm`);
    if (!existsSync(file)) {
      throw new Error(`the kernel ${file} has not been built: run 'npm run build'`);
    }
    module = new WebAssembly.Module(readFileSync(file));
    modules.set(name, module);
  }
  return module;
}
