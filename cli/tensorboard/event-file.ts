/**
 * A file of TensorBoard's: TFRecords of Event messages. A record is its length (8 bytes), the masked CRC-32C of that, the
 * message, and the masked CRC-32C of the message, all little-endian. Written without TensorFlow.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { packageRoot } from '../../common/package-root.js';
import { maskedCrc32c } from './crc32c.js';

/** Member names as protobufjs has them. */
export interface SummaryValue {
  tag: string;
  simpleValue?: number;
  metadata?: { pluginData: { pluginName: string; content: Uint8Array } };
}

let root: protobuf.Root | undefined;

/** A message of proto/tensorboard, encoded. */
export function encodeMessage(type: string, message: object): Uint8Array {
  root ??= protobuf.loadSync(join(packageRoot(), 'proto/tensorboard/event.proto'));
  const found = root.lookupType(`tensorboard.${type}`);
  return found.encode(found.fromObject(message)).finish();
}

export class EventFile {
  private readonly path: string;

  /** A new file in `folder`, which is made. TensorBoard knows files by their name and reads them in its order. */
  constructor(folder: string, now = new Date()) {
    mkdirSync(folder, { recursive: true });
    const seconds = String(Math.floor(now.getTime() / 1000)).padStart(10, '0');
    this.path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.polyak`);
    this.write({ wallTime: now.getTime() / 1000, step: 0, fileVersion: 'brain.Event:2' });
  }

  summary(step: number, value: SummaryValue[], now = new Date()): void {
    this.write({ wallTime: now.getTime() / 1000, step, summary: { value } });
  }

  private write(event: object): void {
    appendFileSync(this.path, record(encodeMessage('Event', event)));
  }
}

function record(message: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(message.length));
  return Buffer.concat([length, checksum(length), message, checksum(message)]);
}

function checksum(bytes: Uint8Array): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(maskedCrc32c(bytes));
  return buffer;
}
