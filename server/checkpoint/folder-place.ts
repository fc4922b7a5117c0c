/** Checkpoints in a folder: a name is taken by an exclusive create or a link, and what was written is synced first. */
import { link, open, readFile, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PolyakError } from '../../common/errors.js';
import { FileBytes, type ByteSource } from './byte-source.js';
import type { CheckpointPlace, TensorFile } from './checkpoint-place.js';
import { folderError, makeFolder } from './checkpoint-folder.js';
import { writeSafetensors } from './safetensors.js';

export class FolderPlace implements CheckpointPlace {
  constructor(readonly name: string) {}

  async prepare({ within }: { within: string | undefined }): Promise<void> {
    await this.told(makeFolder(this.name, { within }));
  }

  async list(): Promise<string[]> {
    return await readdir(this.name);
  }

  async read(file: string): Promise<Buffer> {
    return await readFile(this.path(file));
  }

  async open(file: string): Promise<ByteSource> {
    return await FileBytes.open(this.path(file)).catch((error: unknown) => {
      throw new PolyakError('data', `${this.path(file)}: cannot be opened`, { cause: error });
    });
  }

  async claim(file: string): Promise<boolean> {
    return await this.told(unlessThere(writeFile(this.path(file), '', { flag: 'wx' })));
  }

  async commit(file: string, text: string): Promise<boolean> {
    const temporary = `${this.path(file)}.partial`;
    const commit = async () => {
      try {
        await writeSynced(temporary, text);
        // A link fails where the name exists; a rename would replace it.
        return await unlessThere(link(temporary, this.path(file)));
      } finally {
        await rm(temporary, { force: true });
      }
    };
    const isCommitted = await this.told(commit());
    if (isCommitted) await this.told(syncFolder(this.name));
    return isCommitted;
  }

  async writeTensors(file: string, { tensors, metadata }: TensorFile): Promise<number> {
    const temporary = `${this.path(file)}.partial`;
    try {
      const bytes = await writeSafetensors(temporary, tensors, metadata);
      await rename(temporary, this.path(file));
      return bytes;
    } catch (error) {
      // What of it was written takes room that a full disk does not have.
      await rm(temporary, { force: true });
      throw folderError(this.name, error);
    }
  }

  async remove(file: string): Promise<void> {
    await rm(this.path(file), { force: true });
  }

  async removeEmpty(): Promise<void> {
    await rmdir(this.name).catch(() => undefined);
  }

  private path(file: string): string {
    return join(this.name, file);
  }

  private async told<Value>(work: Promise<Value>): Promise<Value> {
    return await work.catch((error: unknown) => {
      throw folderError(this.name, error);
    });
  }
}

async function unlessThere(created: Promise<void>): Promise<boolean> {
  try {
    await created;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Names are in the folder, which a power cut may take back as long as it is not synced. */
async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync();
  await handle.close();
}
