/** A file's bytes, wherever it lies, read piece by piece. */
import { open, type FileHandle } from 'node:fs/promises';

export interface ByteSource {
  readonly bytes: number;
  /** Errors: whatever keeps it from being read. */
  read(position: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

export class FileBytes implements ByteSource {
  private constructor(
    private readonly handle: FileHandle,
    readonly bytes: number,
  ) {}

  static async open(path: string): Promise<FileBytes> {
    const handle = await open(path, 'r');
    try {
      return new FileBytes(handle, (await handle.stat()).size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(length);
    await this.handle.read(buffer, 0, length, position);
    return buffer;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
