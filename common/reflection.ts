/**
 * gRPC's reflection, made when somebody first asks for it: its tables of all messages take longer to make than all else that a
 * process does at its start, and few ever ask.
 */
import type { handleBidiStreamingCall, MethodDefinition, Server, ServiceDefinition } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';

const versions = ['v1', 'v1alpha'];

type Method = MethodDefinition<unknown, unknown>;
type Handler = handleBidiStreamingCall<unknown, unknown>;
interface Registered {
  method: Method;
  handler: Handler;
}

export function addReflection(server: Server, definition: PackageDefinition): void {
  let made: Promise<Map<string, Registered>> | undefined;
  for (const version of versions) {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const streams = { requestStream: true, responseStream: true };
    const codecs = {
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    const answer: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
      made ??= makeReflection(definition);
      made.then(
        (methods) => {
          const { method, handler } = methods.get(path)!;
          const read = (listener: (message: unknown) => void) => (bytes: Buffer) =>
            listener(method.requestDeserialize(bytes));
          const translated = {
            on: (event: string, listener: (message: unknown) => void) =>
              call.on(event, event === 'data' ? read(listener) : listener),
            write: (message: unknown) => call.write(method.responseSerialize(message)),
            end: () => call.end(),
          };
          handler(translated as unknown as Parameters<Handler>[0]);
        },
        (error: unknown) => call.destroy(error as Error),
      );
    };
    server.addService({ ServerReflectionInfo: { path, ...streams, ...codecs } }, { ServerReflectionInfo: answer });
  }
}

/** By path. */
async function makeReflection(definition: PackageDefinition): Promise<Map<string, Registered>> {
  const { ReflectionService } = await import('@grpc/reflection');
  // Every message brings the descriptors of all files, which take their time to be read.
  const one = Object.entries(definition).find(([, { fileDescriptorProtos }]) => fileDescriptorProtos !== undefined);
  const methods = new Map<string, Registered>();
  const registry = {
    addService: (service: ServiceDefinition, handlers: Record<string, Handler>) => {
      for (const [name, method] of Object.entries(service)) {
        methods.set(method.path, { method, handler: handlers[name]! });
      }
    },
  };
  new ReflectionService(Object.fromEntries(one ? [one] : [])).addToServer(registry);
  return methods;
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
