/**
 * What a role answers to who asks how it is. Each answers with the reason why not, or undefined. A process that is not alive is to be
 * started again; one that is not ready does not do its part now, and may do it later.
 */
export interface Probes {
  alive: () => string | undefined;
  ready: () => string | undefined;
}

/** Of each path, what it answers by. Who is not alive is not ready. */
export function probeAt(path: string | undefined, { alive, ready }: Probes): (() => string | undefined) | undefined {
  if (path === '/healthz') return alive;
  return path === '/readyz' ? () => alive() ?? ready() : undefined;
}
