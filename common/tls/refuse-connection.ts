/**
 * Tells a client why it is refused, in the language that it speaks, and closes. Nothing of the process's services is behind
 * it: a call is answered before its message is read.
 */
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import type { PolyakError } from '../errors.js';
import { openings, readOpening } from '../opening.js';
import { encodeFailure } from '../socket-stream.js';

/** Time to read the answer. */
const lingerMs = 3000;

export function refuseConnection(socket: Socket, error: PolyakError): void {
  socket.on('error', () => socket.destroy());
  const late = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(late));
  readOpening(socket, (opening) => {
    const service = opening.toString('latin1');
    if (service === openings.push || service === openings.weights) {
      // What it still sends is read, or the system would cut the connection before it has read the answer.
      socket.resume().once('end', () => socket.destroy());
      socket.end(encodeFailure(error));
      return;
    }
    socket.allowHalfOpen = false;
    socket.unshift(opening);
    refuser(error).emit('connection', socket);
  });
}

function refuser(error: PolyakError): http2.Http2Server {
  const server = http2.createServer({ settings: { maxConcurrentStreams: 1, enablePush: false } });
  server.on('sessionError', () => undefined);
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    if (stream.destroyed || stream.closed) return;
    const answer = {
      ':status': 200,
      'content-type': 'application/grpc+proto',
      'grpc-status': String(status[error.grpcStatus]),
      'grpc-message': encodeURI(error.message),
      'polyak-error': error.code,
    };
    // A reset at once may reach the client before the answer; who has read that ends the stream, or is cut off in a while.
    stream.resume();
    stream.respond(answer, { endStream: true });
    stream.session?.close();
  });
  return server;
}
