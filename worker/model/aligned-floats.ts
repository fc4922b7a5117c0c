/** Float arrays aligned as TensorFlow wants them, so that a tensor made of one uses its memory in place. */
const pageBytes = 65536;
const alignmentBytes = 64;

/** One array for each length, all in one block. */
export function alignedFloats(lengths: readonly number[]): Float32Array[] {
  const slotBytes = (length: number) => Math.ceil((length * 4) / alignmentBytes) * alignmentBytes;
  const bytes = lengths.reduce((sum, length) => sum + slotBytes(length), 0);
  const pages = Math.max(1, Math.ceil(bytes / pageBytes));
  // A WebAssembly memory begins at a page; an ArrayBuffer begins anywhere.
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  let start = 0;
  return lengths.map((length) => {
    const floats = new Float32Array(buffer, start, length);
    start += slotBytes(length);
    return floats;
  });
}
