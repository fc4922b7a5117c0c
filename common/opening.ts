/** The first eight bytes of a connection to a server, by which a client says at once what it wants. */
import type { Socket } from 'node:net';

/** Of plain sockets; anything else is HTTP/2. */
export const openings = { push: 'PolyakP1', weights: 'PolyakW1' } as const;

const openingBytes = 8;
const openingMsMax = 10_000;

/** What follows stays in the socket. One that says less, or nothing in time, is destroyed. */
export function readOpening(socket: Socket, then: (opening: Buffer) => void): void {
  const late = setTimeout(() => socket.destroy(), openingMsMax);
  const read = () => {
    const opening = socket.read(openingBytes) as Buffer | null;
    // At the end of the stream it may give fewer.
    if (opening === null) return;
    clearTimeout(late);
    socket.off('readable', read);
    if (opening.length < openingBytes) socket.destroy();
    else then(opening);
  };
  socket.on('readable', read).once('close', () => clearTimeout(late));
  // Of what is there already there is no event to come.
  read();
}
