/** The part of the WebAssembly API that the kernels use; the types of Node 20 leave it out. Every memory is shared. */

declare namespace WebAssembly {
  type Exports = Record<string, unknown>;

  class Memory {
    /** Sizes are in pages of 64 KiB. */
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    /** After a growth it is another object; those had before stay valid for their part. */
    readonly buffer: SharedArrayBuffer;
    /** Returns the size in pages before the growth. */
    grow(pages: number): number;
  }

  class Module {
    constructor(bytes: Uint8Array);
  }

  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: Exports;
  }
}
