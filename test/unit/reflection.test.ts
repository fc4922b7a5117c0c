/** gRPC's reflection over a real connection, as grpcurl asks. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import grpc, { type Client, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGrpcServer, listen } from '../../common/rpc.js';

const protos = join(dirname(createRequire(import.meta.url).resolve('@grpc/reflection')), '../proto/grpc/reflection');

interface Answer {
  listServicesResponse?: { service: { name: string }[] };
  fileDescriptorResponse?: { fileDescriptorProto: Buffer[] };
  errorResponse?: { errorCode: number };
}
type Reflection = Client & { ServerReflectionInfo(): grpc.ClientDuplexStream<object, Answer> };

describe('reflection', () => {
  let server: grpc.Server;
  let address: string;
  const opened: Client[] = [];
  const ask = async (version: string, ...questions: object[]): Promise<Answer[]> => {
    const definition = loadSync(join(protos, version, 'reflection.proto'), { oneofs: true });
    const loaded = grpc.loadPackageDefinition(definition) as unknown as {
      grpc: { reflection: Record<string, { ServerReflection: ServiceClientConstructor }> };
    };
    const Made = loaded.grpc.reflection[version]!.ServerReflection;
    const client = new Made(address, grpc.credentials.createInsecure()) as unknown as Reflection;
    opened.push(client);
    const call = client.ServerReflectionInfo();
    const answers: Answer[] = [];
    call.on('data', (answer: Answer) => answers.push(answer));
    for (const question of questions) call.write(question);
    call.end();
    await once(call, 'end');
    return answers;
  };

  beforeEach(async () => {
    server = createGrpcServer();
    address = `127.0.0.1:${await listen(server, '127.0.0.1:0')}`;
  });
  afterEach(() => {
    for (const client of opened.splice(0)) client.close();
    server.forceShutdown();
  });

  it.each(['v1', 'v1alpha'])('lists the services and describes a message, in %s', async (version) => {
    const [services, message, unknown] = await ask(
      version,
      { listServices: '' },
      { fileContainingSymbol: 'polyak.v1.ChunkFrame' },
      { fileContainingSymbol: 'polyak.v1.Nothing' },
    );
    const names = services!.listServicesResponse!.service.map(({ name }) => name);
    expect(names.toSorted()).toEqual(['polyak.v1.Coordinator', 'polyak.v1.ParameterServer']);
    const [file] = message!.fileDescriptorResponse!.fileDescriptorProto;
    expect(file!.includes('ChunkFrame')).toBe(true);
    expect(unknown!.errorResponse!.errorCode).toBe(grpc.status.NOT_FOUND);
  });

  it('answers several who ask at once, and again', async () => {
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(
        ['v1', 'v1alpha', 'v1'].map(async (version) => await ask(version, { listServices: '' })),
      );
      expect(answers.map(([answer]) => answer!.listServicesResponse!.service.length)).toEqual([2, 2, 2]);
    }
  });
});
