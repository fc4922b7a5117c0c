/**
 * /metrics, /healthz and /readyz of a role: a registry of its own per process, with the event loop's delay in it, so that a role
 * that blocks its gRPC thread shows.
 */
import { createServer, type Server } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, Registry, collectDefaultMetrics, type Counter } from 'prom-client';
import { PolyakError } from './errors.js';
import { probeAt, type Probes } from './probes.js';

export interface Observability {
  registry: Registry;
  port: number;
  close(): void;
}

/** Port 0 takes any. */
export async function observe(
  role: string,
  address: { host: string; port: number },
  probes: Probes,
): Promise<Observability> {
  const { registry, stop } = roleRegistry(role);
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      registry.metrics().then(
        (text) => response.setHeader('content-type', registry.contentType).end(text),
        () => response.writeHead(500).end(),
      );
      return;
    }
    const probe = probeAt(request.url, probes);
    if (!probe) return void response.writeHead(404).end('try /metrics, /healthz or /readyz\n');
    const reason = probe();
    response.writeHead(reason === undefined ? 200 : 503).end(`${reason ?? 'ok'}\n`);
  });
  const port = await listen(server, address);
  return {
    registry,
    port,
    close: () => {
      stop();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The registry alone, for a role that serves its pages itself. `stop` ends its measurements. */
export function roleRegistry(role: string): { registry: Registry; stop: () => void } {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry });
  // Gauges, for which Prometheus keeps the ending `_total` from; the same without it are by type, and stay.
  for (const name of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${name}_total`);
  return { registry, stop: addEventLoopDelay(registry) };
}

/** Shows 0 for every value of its one label that is known before it is first counted, so that the first one is an increase. */
export function countedFrom0<Label extends string>(
  counter: Counter<Label>,
  label: Label,
  values: readonly string[],
): Counter<Label> {
  for (const value of values) counter.labels({ [label]: value } as Record<Label, string>).inc(0);
  return counter;
}

/** The whole run's delay, not a window's: what a test or an alert asks is whether it ever froze. */
function addEventLoopDelay(registry: Registry): () => void {
  const resolutionMs = 10;
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000);
  new Gauge({
    name: 'polyak_event_loop_delay_seconds',
    help: 'How late timers of the main thread fired since the process started.',
    labelNames: ['percentile'],
    registers: [registry],
    collect() {
      this.set({ percentile: '50' }, seconds(histogram.percentile(50)));
      this.set({ percentile: '99' }, seconds(histogram.percentile(99)));
      this.set({ percentile: '100' }, seconds(histogram.max));
    },
  });
  return () => histogram.disable();
}

async function listen(server: Server, address: { host: string; port: number }): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const place = `${address.host}:${address.port}`;
      const message = `the address for /metrics: cannot listen on '${place}': ${error.message}`;
      reject(new PolyakError('usage', message, { cause: error }));
    });
    server.listen(address.port, address.host, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound ? bound.port : address.port);
    });
  });
}
