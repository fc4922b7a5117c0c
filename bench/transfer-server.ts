/**
 * A parameter server's process for bench/transfer.ts: the real service and the real arithmetic, without a coordinator.
 * Prints its port as JSON, and ends with its input.
 */
import { Registry } from 'prom-client';
import { createLog } from '../common/log.js';
import { createGrpcServer, services } from '../common/rpc.js';
import { ArenaPool } from '../server/arithmetic/arena-pool.js';
import { Arithmetic } from '../server/arithmetic/arithmetic.js';
import { chunkService } from '../server/chunk-service.js';
import { FrameCache } from '../server/frame-cache.js';
import { parameterService } from '../server/parameter-service.js';
import { serverMetrics } from '../server/server-metrics.js';
import { listenShared } from '../server/shared-port.js';
import { TrialTable } from '../server/trial-table.js';

const arithmetic = new Arithmetic(1);
const pools = new Map<number, ArenaPool>();
const poolFor = (chunkBytes: number) => {
  const pool = pools.get(chunkBytes) ?? new ArenaPool({ chunkBytes, bytesMax: 2 ** 30 });
  pools.set(chunkBytes, pool);
  return pool;
};
const log = createLog('bench');
const metrics = serverMetrics(new Registry());
const table = new TrialTable({ poolFor, arithmetic, frames: new FrameCache(), metrics, log });
const server = createGrpcServer();
const chunks = chunkService(table, log);
server.addService(services.parameterServer.service, parameterService(table, chunks));
const { port } = await listenShared(server, chunks, '127.0.0.1:0');
console.log(JSON.stringify({ port }));
process.stdin
  .on('end', () => {
    process.exit(0);
  })
  .resume();
