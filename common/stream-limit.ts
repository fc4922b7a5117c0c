/**
 * How many streams one connection may have. HTTP/2 itself keeps clients to it: further calls wait for one to end, of which
 * nobody would know a reason. So it is said when a connection has all that it may have.
 */
import type { ServerHttp2Session } from 'node:http2';

/** Our clients have a few each. */
export const streamsMax = 128;

/** `onFull` is called, with the peer, each time that its connection comes to have as many as it may. */
export function watchStreams(session: ServerHttp2Session, onFull: (peer: string) => void): void {
  const { remoteAddress, remotePort } = session.socket;
  let open = 0;
  session.on('stream', (stream) => {
    open += 1;
    if (open === streamsMax) onFull(`${remoteAddress}:${remotePort}`);
    stream.once('close', () => (open -= 1));
  });
}
