import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { MessageReader, headBytes } from '../../common/message-reader.js';

function encode(kind: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(body.length);
  head[4] = kind;
  return Buffer.concat([head, body]);
}

describe('messages on a socket', () => {
  it('come out whole, in order, however the bytes were cut', () => {
    const messages = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.uint8Array({ maxLength: 40 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(([kind, body]) => encode(kind, body)));
        const received: [number, number[]][] = [];
        const reader = new MessageReader(100, (kind, body) => received.push([kind, [...body]]));
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const end = at + (cuts[cut % cuts.length] ?? 1);
          reader.push(bytes.subarray(at, end));
          at = end;
        }
        expect(received).toEqual(sent.map(([kind, body]) => [kind, [...body]]));
      }),
    );
  });

  it('are refused by their length, before any of the body is taken', () => {
    const reader = new MessageReader(100, () => expect.unreachable());
    expect(() => reader.push(encode(0, Buffer.alloc(101)).subarray(0, headBytes))).toThrow(
      'a message of 101 bytes was announced, the most is 100',
    );
  });

  it('and what comes after one that was refused is dropped, without room being made for it', () => {
    const reader = new MessageReader(100, () => expect.unreachable());
    const head = Buffer.alloc(headBytes);
    head.writeUInt32LE(1 << 30);
    expect(() => reader.push(head)).toThrow('the most is 100');
    const before = process.memoryUsage().arrayBuffers;
    reader.push(Buffer.alloc(50));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  });
});
