/** What a person sees of a sweep on terminals of any width, whatever its parameters are called. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { progressLines, sweepView, type ProgressLine } from '../../cli/sweep/sweep-view.js';
import { tableOf } from '../../cli/table.js';
import { fitted, widthOf } from '../../cli/terminal-text.js';

const columns = {
  ['ein sehr langer Name '.repeat(20)]: 0.000_123_456,
  学習率: 1e-3,
  '🙂 rate': 'ｗｉｄｅ',
  'e\u0301\u0301': 3,
  'two\nlines\u001B[2J': 'tab\there',
};

const progress: ProgressLine = {
  ...{ key: 'ab'.repeat(8), name: 'digits-search-1', state: 'running', reason: null, directory: '/x' },
  ...{ createdAt: '2026-01-01T00:00:00.000Z', endedAt: null, metric: 'validation.accuracy', direction: 'maximise' },
  settings: {
    ...{ trials: 2_000_000, priority: 0, budget: {}, price: 3, keep: 5, retries: 2, sameFailures: 5 },
  },
  counts: { running: 20, paused: 4000, stopped: 100_000, finished: 90_000, failed: 12, waiting: 1_805_968 },
  ...{ trials: 2_000_000, spent: { seconds: 400_000, computeSeconds: 9e6, epochs: 4_000_000 } },
  best: { trial: 123_456, value: 0.987_654_321, epoch: 999, columns },
  reproducibility: { comesAgain: 'by itself', reasons: [] } as unknown as ProgressLine['reproducibility'],
  running: Array.from({ length: 20 }, (_, trial) => ({
    ...{ trial: trial + 190_000, member: 0, step: 5, steps: 9, epoch: 1, epochs: 9, loss: 12_345.6789, workers: 3 },
  })),
};

describe('the live view of a sweep', () => {
  for (const width of [1, 20, 21, 80, 200]) {
    it(`has no line that is wider than a terminal of ${width} columns, and no line break in a name`, () => {
      const lines = progressLines(progress, width);
      expect(lines).toHaveLength(12);
      for (const line of lines) {
        expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(line).not.toMatch(/\p{Cc}/u);
      }
    });
  }

  it('shows on 200 columns what has room', () => {
    const [first, second, best, trial] = progressLines({ ...progress, best: { ...progress.best!, columns: {} } }, 200);
    expect(first).toContain('190012/2000000 trials');
    // 7500 for 190,012 trials: 2,000,000 cost 78942.38.
    expect(second).toContain('4000000 epochs  cost 7500.00 of about 78942.38');
    expect(best).toContain('best validation.accuracy 0.9877  trial 123456, epoch 999');
    expect(trial).toContain('trial 190000   56 %  epoch 1/9  loss 12345.6789  3 workers');
  });

  it('writes what happens above it, without commands to the terminal, and does not fail on 20 columns', () => {
    const output = Object.assign(new PassThrough(), { isTTY: true, columns: 20, rows: 10 });
    const view = sweepView(output, false);
    view.show({ event: 'created', sequence: 2, trial: 0, parameters: columns });
    view.show({ ...progress, event: 'progress' });
    view.show({ event: 'finished', sequence: 3, trial: 0 });
    view.close();
    const text = String(output.read());
    expect(text).toContain('学習率 0.001');
    expect(text).not.toContain('\u001B[2J');
  });
});

describe('text on a terminal', () => {
  it.each([
    ['abc', 3],
    ['', 0],
    ['学習', 4],
    ['e\u0301', 1],
    ['🙂', 2],
    ['ｗ', 2],
    ['█░…±', 4],
  ])('%s takes its columns', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  it('is cut between characters, not within one', () => {
    expect(fitted('学習率', 5)).toBe('学習');
    expect(fitted('a🙂b', 2)).toBe('a');
    expect(fitted('e\u0301e\u0301', 1)).toBe('e\u0301');
  });

  it('stands in columns though some of it is wide', () => {
    const table = tableOf(
      [{ title: '学習率' }, { title: 'b', right: true }],
      [
        ['a', '1'],
        ['🙂', '22'],
      ],
    );
    expect(table).toBe(['学習率   b', 'a        1', '🙂      22'].join('\n'));
  });
});
