/** examples/optimizer-race.mjs: what it draws is what its words say. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';

interface Racer {
  x: number;
  y: number;
  /** Of the valley's floor, from wall to wall. */
  crossings: number;
  /** Along the valley, beyond the lowest point. */
  overshoot: number;
}

describe('a race of three optimizers over 40 evaluations', () => {
  let folder: string;
  const racers = new Map<string, Racer>();
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-race-'));
    const example = join(packageRoot(), 'examples/optimizer-race.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [example, '40', 'sgd', 'momentum', 'adam'], {
      cwd: folder,
      env: { ...process.env, POLYAK_LOG: 'warn' },
    });
    const line = /^(\w+, \w+): ends at \((.+), (.+)\), crosses the valley (\d+) times, overshoots by (.+)$/gm;
    for (const [, name = '', ...numbers] of stdout.matchAll(line)) {
      const [x = NaN, y = NaN, crossings = NaN, overshoot = NaN] = numbers.map(Number);
      racers.set(name, { x, y, crossings, overshoot });
    }
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  // The steep gradient is 2 y: y becomes (1 - 0.9 * 2) y = -0.8 y in every one of the 39 steps, and x 0.982 x:
  // -9 * 0.982^39 = -4.432.
  it('sgd zigzags: it changes sides in every step, and is half way along the valley yet', () => {
    expect(racers.get('bowl, sgd')).toEqual({
      x: -4.432,
      y: expect.closeTo(0, 2) as number,
      crossings: 39,
      overshoot: 0,
    });
  });

  it('momentum is further along, and overshoots the lowest point', () => {
    const { crossings, overshoot } = racers.get('bowl, momentum')!;
    expect(overshoot).toBeGreaterThan(0.5);
    expect(crossings).toBeLessThan(20);
    expect(racers.get('saddle, momentum')!.overshoot).toBeGreaterThan(0.5);
  });

  // Beside the saddle's middle the slope along y is -0.4 y: y is 0.001 * 1.04^39 = 0.0046 after 39 steps.
  it('sgd is stuck on the saddle, of which adam has left the middle for the valley at √2', () => {
    const stuck = racers.get('saddle, sgd')!;
    expect(stuck.y).toBeCloseTo(0.005, 3);
    expect(Math.abs(stuck.x)).toBeLessThan(0.01);
    const left = racers.get('saddle, adam')!;
    expect(Math.abs(left.y - Math.SQRT2)).toBeLessThan(0.2);
  });

  it('all is drawn', () => {
    const svg = readFileSync(join(folder, 'optimizer-race.svg'), 'utf8');
    expect(svg).toMatch(/^<svg [^]*<path [^]*<\/svg>$/);
    for (const name of ['sgd', 'momentum', 'adam']) expect(svg).toContain(`>${name}</text>`);
  });
});
