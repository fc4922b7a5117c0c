/** Copies a file from a folder; what has arrived lies in `partial`, from where the next attempt goes on. */
import { open, rm, stat } from 'node:fs/promises';
import { append, sizeOf, type OnBytes } from '../../worker/data/location/download.js';

export async function copyFile(source: string, partial: string, onBytes: OnBytes): Promise<void> {
  const total = (await stat(source)).size;
  let done = await sizeOf(partial);
  if (done > total) {
    await rm(partial);
    done = 0;
  }
  const handle = await open(source, 'r');
  try {
    const input = handle.createReadStream({ start: done, autoClose: false });
    await append(input, partial, done, total, onBytes);
  } finally {
    await handle.close();
  }
}
