/**
 * Fault injection for tests: of all workers that are given the name of a file, the one that creates it first pushes late, and dies
 * when its push has arrived, before the lead has heard of it.
 */
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Others are done by then, and know the weights that come of the push. */
const lateMs = 1000;

const file = process.env['POLYAK_TEST_DIE_UNHEARD'];

export async function diesUnheard(): Promise<boolean> {
  if (file === undefined) return false;
  try {
    closeSync(openSync(file, 'wx'));
  } catch {
    return false;
  }
  await delay(lateMs);
  return true;
}

export function dieSoon(): void {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), lateMs);
}
