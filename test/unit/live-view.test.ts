import { describe, expect, it } from 'vitest';
import { duration, jsonView, lineView, progressLines, summary } from '../../cli/live-view.js';

function collector() {
  const lines: string[] = [];
  return { lines, output: { write: (text: string) => lines.push(text) } };
}

const progress = {
  ...{ event: 'progress', step: 30, steps: 120, epoch: 2, epochs: 5, loss: 0.123456, accuracy: 0.9 },
  ...{ imagesPerSecond: 1204.4, workers: 2, secondsLeft: 65 },
};
const epoch = {
  event: 'epoch',
  epoch: 1,
  step: 24,
  loss: 0.5,
  accuracy: 0.75,
  validation: { loss: 0.25, accuracy: 0.875 },
};

describe('the live view', () => {
  it('shows epoch, step, loss, training and validation accuracy, images per second, workers and time left', () => {
    const text = progressLines(progress, { loss: 0.25, accuracy: 0.875 }, 120).join('\n');
    for (const part of ['epoch 2/5', 'step 30/120', 'loss 0.1235', 'accuracy 0.9000', 'validation 0.8750']) {
      expect(text).toContain(part);
    }
    for (const part of ['1204 images/s', '2 workers', '1 min 05 s left']) expect(text).toContain(part);
  });

  it('fills a quarter of its bar after a quarter of the steps', () => {
    const [line = ''] = progressLines(progress, undefined, 90);
    // 30 cells: round(0.25 * 30) = 8.
    expect(line.match(/█/g)).toHaveLength(8);
    expect(line.match(/░/g)).toHaveLength(22);
  });

  it('is never wider than the terminal', () => {
    for (const columns of [20, 40, 80]) {
      for (const line of progressLines(progress, undefined, columns)) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('is a line per epoch and notice where there is no terminal', () => {
    const { lines, output } = collector();
    const view = lineView(output);
    view.show(progress);
    view.show(epoch);
    view.show({ event: 'notice', kind: 'restart', message: 'worker-0 has died' });
    expect(lines).toEqual([
      'epoch 1  step 24  loss 0.5000  accuracy 0.7500  validation loss 0.2500  accuracy 0.8750\n',
      'note: worker-0 has died\n',
    ]);
  });

  it('leaves accuracy out of a regression', () => {
    const { lines, output } = collector();
    lineView(output).show({ ...epoch, accuracy: null, validation: { loss: 0.25, accuracy: null } });
    expect(lines).toEqual(['epoch 1  step 24  loss 0.5000  validation loss 0.2500\n']);
  });

  it('is the event itself under --json', () => {
    const { lines, output } = collector();
    jsonView(output).show(epoch);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([epoch]);
  });
});

describe('the summary', () => {
  const finished = {
    ...{ event: 'finished', steps: 840, weightsSha256: 'abc', averageSha256: 'def', imagesPerSecond: 1204, workers: 2 },
    ...{
      validation: { loss: 0.01, accuracy: 1 },
      test: { accuracy: 0.9944, averageAccuracy: 0.9917 },
      reproducible: true,
    },
  };
  const facts = { folder: '.polyak/digits-1', again: 'examples/digits.yaml --steps 9', workers: 2, shards: 1 };

  it('says both test accuracies, where the run is kept, and what to try next', () => {
    const text = summary(finished, facts);
    expect(text).toContain('0.9944 (last weights)  0.9917 (running average)');
    expect(text).toContain('kept in        .polyak/digits-1');
    expect(text).toContain('npx polyak train examples/digits.yaml --steps 9 --workers 1 --shards 2');
    expect(text).not.toContain('not reproducible');
  });

  it('says so when the numbers are not reproducible, and leaves out what there is not', () => {
    const text = summary(
      { ...finished, test: null, validation: null, reproducible: false },
      { ...facts, again: undefined },
    );
    expect(text).toContain('not reproducible');
    expect(text).not.toContain('test accuracy');
    expect(text).not.toContain('try next');
  });
});

describe('a duration', () => {
  it('is written in its two largest units', () => {
    expect([0, 59.4, 60, 185, 3725].map(duration)).toEqual(['0 s', '59 s', '1 min 00 s', '3 min 05 s', '1 h 02 min']);
  });
});
