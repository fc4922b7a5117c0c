/** What a module may import beside its own files and npm packages. The bundler asks before, the evaluation again. */

const tensorFlowPackages = ['tfjs', 'tfjs-core', 'tfjs-layers', 'tfjs-node', 'tfjs-node-gpu'];

/** All of them are the worker's one TensorFlow. */
export function isTensorFlow(specifier: string): boolean {
  return tensorFlowPackages.some((name) => specifier === `@tensorflow/${name}`);
}

export function isPolyak(specifier: string): boolean {
  return specifier === 'polyak/module' || specifier === 'polyak';
}

/** Node's modules that start processes and threads, listen, or load other code. */
export const refusedBuiltins: ReadonlySet<string> = new Set([
  ...['child_process', 'cluster', 'worker_threads', 'inspector', 'inspector/promises', 'repl', 'vm', 'module'],
  ...['dgram', 'net', 'http2', 'wasi', 'test', 'sqlite'],
]);
