/**
 * A port that a role can keep over its restarts. It lies below the range from which systems take ports for outgoing
 * connections, so that nothing else sits on it while the role is away.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { PolyakError } from '../common/errors.js';

const lowest = 20_000;
const highest = 32_000;
const attemptsMax = 100;

export async function freePort(host: string): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = randomInt(lowest, highest);
    if (await isFree(host, port)) return port;
  }
  throw new PolyakError('exhausted', `no free port found on ${host} between ${lowest} and ${highest}`);
}

async function isFree(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
