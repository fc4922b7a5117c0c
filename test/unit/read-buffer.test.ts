import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { ReadBuffer } from '../../common/read-buffer.js';

it('an accepted socket is taken over with what it has read, and goes on reading into one buffer', async () => {
  const sent = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => index % 251));
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  try {
    client.write(sent.subarray(0, 1000));
    await once(accepted, 'readable');
    const opening = accepted.read(8) as Buffer;
    const input = new ReadBuffer(16_384);
    const pieces: Buffer[] = [opening];
    const memories = new Set<ArrayBufferLike>();
    input.onPiece = (piece) => {
      memories.add(piece.buffer);
      pieces.push(Buffer.from(piece));
    };
    const { socket, rest } = input.takeOver(accepted);
    // Only where Node shows the handle is there another; every version that we support does.
    expect(socket).not.toBe(accepted);
    if (rest) pieces.push(rest);
    client.end(sent.subarray(1000));
    await once(socket, 'end');
    expect(Buffer.concat(pieces).equals(sent)).toBe(true);
    expect(memories.size).toBe(1);
    // The other direction is still open.
    socket.end('bye');
    expect(String((await once(client, 'data'))[0])).toBe('bye');
  } finally {
    client.destroy();
    server.close();
  }
});
