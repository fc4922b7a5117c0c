/** What the coordinator keeps of the logs of trials: bounded, in the order of time, and there after a restart. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Counter, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TrialLines } from '../../common/trial-lines.js';
import { TrialLogs } from '../../coordinator/trial-logs.js';

const run = '0123456789abcdef';
const log = pino({ level: 'silent' });
let folder: string;
let counter: Counter<'result'>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-logs-'));
  const registers = [new Registry()];
  counter = new Counter({ name: 'lines', help: 'Lines.', labelNames: ['result'], registers });
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (more = {}) => new TrialLogs({ folder, lines: counter, log, ...more });
const text = (time: number, msg: string) => JSON.stringify({ level: 30, time, trial: run, msg });

describe('logs of trials', () => {
  it('of several processes are one, in the order of time, also for the next coordinator', async () => {
    const logs = open();
    logs.add(run, 'worker-1a2b3c4d', [text(20, 'second'), text(40, 'fourth')]);
    logs.add(run, 'server-0', [text(10, 'first'), 'no JSON', text(30, 'third')]);
    await logs.close();
    const kept = await open().read(run);
    expect(kept.map(({ process, record }) => `${process} ${String(record['msg'])}`)).toEqual([
      ...['server-0 first', 'worker-1a2b3c4d second', 'server-0 third', 'worker-1a2b3c4d fourth'],
    ]);
    const [first] = kept.toSorted((left, right) => left.at - right.at);
    expect(await open().read(run, first?.at)).toHaveLength(3);
  });

  it('lose their oldest lines where there are too many of a run, and the oldest runs where there are too many of all', async () => {
    const logs = open({ runBytesMax: 4000, bytesMax: 12_000 });
    for (let line = 0; line < 200; line++) {
      logs.add(run, 'server-0', [text(line, `line ${line}`)]);
      await logs.read(run);
    }
    const kept = await logs.read(run);
    expect(kept.at(-1)?.record['msg']).toBe('line 199');
    expect(kept.length).toBeGreaterThan(10);
    const bytes = (name: string) => statSync(join(folder, '01', name)).size;
    expect(bytes(`${run}.jsonl`) + bytes(`${run}.older.jsonl`)).toBeLessThanOrEqual(4000);
    for (const name of readdirSync(join(folder, '01'))) utimesSync(join(folder, '01', name), 1, 1);
    for (let other = 0; other < 10; other++)
      logs.add(`aa0000000000000${other}`, 'server-0', [text(1, 'x'.repeat(1500))]);
    await logs.read(run);
    expect(await logs.read(run)).toEqual([]);
    expect(await logs.read('aa00000000000009')).toHaveLength(1);
  });

  it('that cannot be written are passed over, and come again when they can', async () => {
    const logs = open();
    mkdirSync(join(folder, '01', `${run}.jsonl`), { recursive: true });
    logs.add(run, 'server-0', [text(1, 'nowhere')]);
    expect(await logs.read(run)).toEqual([]);
    rmSync(join(folder, '01'), { recursive: true });
    logs.add(run, 'server-0', [text(2, 'there')]);
    expect(await logs.read(run)).toHaveLength(1);
  });
});

describe("a process's lines on their way", () => {
  it('are those of trials, a bounded number, and a count of the rest', () => {
    const lines = new TrialLines();
    lines.take('{"level":30,"time":1,"msg":"of no trial"}\n');
    for (let line = 0; line < 1200; line++) lines.take(`${text(line, `line ${line}`)}\n`);
    const sent = [];
    for (let batch = lines.drain(); batch.length > 0; batch = lines.drain()) {
      expect(batch.length).toBeLessThanOrEqual(201);
      sent.push(...batch);
    }
    expect(sent).toHaveLength(1001);
    expect(JSON.parse(sent.at(-1)?.text ?? '')).toMatchObject({ dropped: 200, trial: run, level: 40 });
  });

  it('are shortened', () => {
    const lines = new TrialLines();
    lines.take(text(7, 'x'.repeat(100_000)));
    const [line] = lines.drain();
    expect(line?.text.length).toBeLessThan(4000);
    expect(JSON.parse(line?.text ?? '')).toMatchObject({ time: 7, trial: run });
  });
});
