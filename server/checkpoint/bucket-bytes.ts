/** An object of a bucket, read by windows: the tensors of a shard's file lie one behind the other, and each is small. */
import type { ByteSource } from './byte-source.js';

type Range = (from: number, length: number) => Promise<{ bytes: Buffer; total: number }>;

export const windowBytes = 8 << 20;

export class BucketBytes implements ByteSource {
  private constructor(
    private readonly range: Range,
    readonly bytes: number,
    private window: { from: number; bytes: Buffer },
  ) {}

  static async open(range: Range): Promise<BucketBytes> {
    const { bytes, total } = await range(0, windowBytes);
    return new BucketBytes(range, total, { from: 0, bytes });
  }

  async read(position: number, length: number): Promise<Buffer> {
    const { window } = this;
    const isInside = position >= window.from && position + length <= window.from + window.bytes.length;
    if (!isInside) {
      const { bytes } = await this.range(position, Math.min(this.bytes - position, Math.max(length, windowBytes)));
      this.window = { from: position, bytes };
    }
    const from = position - this.window.from;
    return this.window.bytes.subarray(from, from + length);
  }

  async close(): Promise<void> {
    this.window = { from: 0, bytes: Buffer.alloc(0) };
    await Promise.resolve();
  }
}
