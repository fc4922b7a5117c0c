/** The report of a sweep: what is in it, that it says what the trials say, and that nothing in it can do harm. */
import { beforeAll, describe, expect, it } from 'vitest';
import { sweepReport, type SweepReport } from '../../cli/report/sweep-report.js';
import { hasResult, ranked } from '../../cli/report/trial-results.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import { factsOf, mixedSpace, mixedTrials, trialOf } from './sweep-report-facts.js';

const trials = mixedTrials(120);
const facts = factsOf({
  space: mixedSpace,
  schedule: 'ASHA, eta 4',
  reproducibility: { kind: 'by replay', reasons: ['promotions depend on what has arrived by then'] },
  rounds: [['round 1 of 2, 40 trials of 2 epochs: best 0.9', 'next, 10 trials of 5 epochs: the same ranges again']],
  edges: ["learningRate's best, 1e-5, lies at its lower bound, 1e-5: consider 1e-7"],
  budgets: [{ name: 'wall time', limit: 36_000, spent: 18_000, unit: 'seconds' }],
  cost: { pricePerWorkerHour: 0.4, spent: 12.3, projected: 13, currency: 'EUR' },
  usefulSeconds: 7200,
  wastedSeconds: 800,
});
let report: SweepReport;
beforeAll(() => {
  report = sweepReport(facts, trials);
});

/** The cells of the rows of the tables below a heading. */
function tableBelow(markdown: string, heading: string): string[][] {
  const section = markdown.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| :') && !line.startsWith('| --'));
  return rows.map((line) => line.slice(2, -2).split(' | '));
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** Every tag is closed by its own name; there is no `<` or `>` that is none of a tag. */
function expectBalanced(xml: string): void {
  const open: string[] = [];
  const texts = xml.replaceAll(/<(\/?)([a-zA-Z][\w:-]*)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g, (_, end, name, empty) => {
    if (end) expect(open.pop()).toBe(name);
    else if (!empty) open.push(String(name));
    return '';
  });
  expect(open).toEqual([]);
  expect(texts).not.toMatch(/[<>]/);
}

describe('the report of a sweep', () => {
  it('has its sections in order, the same in Markdown and HTML', () => {
    const sections = [
      ...['Best trials', 'Best so far', 'Parameters together', 'Parameter by parameter', 'Importance of parameters'],
      ...['Rounds', 'Ranges to widen', 'Failures', 'Stopped early', 'Budgets and cost', 'How to repeat it'],
    ];
    expect([...report.markdown.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual(sections);
    expect([...report.html.matchAll(/<h2>(.*)<\/h2>/g)].map(([, title]) => title)).toEqual(sections);
  });

  it('has the ensemble of the best beside its members, and says why where there is none', () => {
    const evaluation = (loss: number, accuracy: number) => ({
      ...{ split: 'test' as const, samples: 1500, loss, accuracy, meanAbsoluteError: null, metrics: { accuracy } },
      ...{ classes: null, confusions: [] },
    });
    const test = { members: [evaluation(0.2, 0.95), evaluation(0.3, 0.94)], ensemble: evaluation(0.1, 0.97) };
    const ensemble = { members: ['x/3', 'x/1'], splits: { test } };
    expect(tableBelow(sweepReport({ ...facts, ensemble }, trials).markdown, 'Ensemble of the best')).toEqual([
      ['test, 1,500 samples', 'loss', 'accuracy'],
      ['x/3', '0.2', '0.95'],
      ['x/1', '0.3', '0.94'],
      ['all together', '0.1', '0.97'],
    ]);
    const none = sweepReport({ ...facts, ensemble: { why: 'it takes two <trials>' } }, trials);
    expect(none.html).toContain('There is none: it takes two &lt;trials&gt;.');
  });

  it('names the best trial with its value and exact parameters', () => {
    const [best] = ranked(trials.filter(hasResult), 'maximise');
    const { markdown } = report;
    expect(markdown).toContain(
      `Best validation.accuracy: ${Number(best!.value.toPrecision(6))}, by trial ${best!.number} `,
    );
    for (const [name, value] of Object.entries(best!.columns)) expect(markdown).toContain(`| ${name} | ${value} |`);
  });

  it('counts the trials by status', () => {
    const of = (status: TrialRow['status']) => trials.filter((trial) => trial.status === status).length;
    expect(report.markdown).toContain(
      `120 trials: ${of('finished')} finished, ${of('stopped')} stopped, ${of('failed')} failed.`,
    );
  });

  it('says how the sweep can be repeated', () => {
    const { markdown } = report;
    expect(markdown).toContain('another run gives this table with --replay only, because promotions depend on');
    expect(markdown).toContain('```sh\npolyak sweep FILE --replay\n```');
    const plain = sweepReport(factsOf(), trials.slice(0, 3)).markdown;
    expect(plain).toContain('reproducible: the same table for any number of workers');
    expect(plain).toContain('```sh\npolyak sweep FILE\n```');
    expect(sweepReport(factsOf({ command: 'polyak sweep a.yaml' }), []).markdown).toContain('polyak sweep a.yaml\n');
  });

  it('lists the ten best in order, with what they were drawn', () => {
    const best = ranked(trials.filter(hasResult), 'maximise').slice(0, 10);
    const [head, ...rows] = tableBelow(report.markdown, 'Best trials');
    expect(head).toContain('learningRate');
    expect(rows.map(([number, value]) => [number, value])).toEqual(
      best.map(({ number, value }) => [String(number), String(Number(value.toPrecision(6)))]),
    );
    const at = head!.indexOf('optimizer');
    expect(rows.map((cells) => cells[at])).toEqual(best.map(({ columns }) => columns['optimizer']));
  });

  it('shows a deviation over folds only where there is one', () => {
    const folds = [0.02, null].map((deviation, number) => trialOf({ number, value: 0.9 - number, deviation }));
    const [head, first, second] = tableBelow(sweepReport(factsOf(), folds).markdown, 'Best trials');
    expect([head![2], first![2], second![2]]).toEqual(['±', '0.02', '–']);
    expect(tableBelow(report.markdown, 'Best trials')[0]).not.toContain('±');
  });

  it('groups failures by reason, and why trials were stopped', () => {
    const failed = trials.filter(({ status }) => status === 'failed');
    const stopped = trials.filter(({ status }) => status === 'stopped');
    const [, failure, ...others] = tableBelow(report.markdown, 'Failures');
    expect(failure![0]).toBe(String(failed.length));
    expect(failure![1]).toBe(failed[0]!.reason);
    expect(others).toEqual([]);
    expect(tableBelow(report.markdown, 'Stopped early')[1]!.slice(0, 2)).toEqual([
      String(stopped.length),
      "worse than the median of the others' averages so far",
    ]);
  });

  it('tells of compute, cost and budgets', () => {
    const { markdown } = report;
    expect(markdown).toContain('Compute: 2 h useful, 90 % of all; 13 min wasted.');
    expect(markdown).toContain(
      '12.30 EUR spent, at 0.40 EUR for an hour of a worker; the whole sweep is projected at 13.00 EUR',
    );
    expect(markdown).toContain('| wall time | 10 h | 5 h | 50 % |');
  });

  it('refers to each plot by its file, and holds it in the page', () => {
    const files = [...report.markdown.matchAll(/^!\[.*\]\((.*)\)$/gm)].map(([, file]) => file!);
    expect(files).toEqual(Object.keys(report.plots));
    expect(files).toHaveLength(4 + 6);
    for (const file of files) expect(file).toMatch(/^[\w-]+\.svg$/);
    for (const svg of Object.values(report.plots)) {
      expect(svg).toMatch(/^<svg role="img" aria-label="[^"]+" /);
      expectBalanced(svg);
      expect(report.html).toContain(svg);
    }
  });

  it('needs no script, no network and no identifier twice', () => {
    const { html } = report;
    expect(html).toContain("default-src 'none'");
    const links = [...html.matchAll(/(?:href|src|url)\s*[=(]\s*"?([^")\s>]+)/g)].map(([, target]) => target!);
    expect(links.filter((target) => !target.startsWith('#'))).toEqual([]);
    expect(html).not.toMatch(/<script|<link|@import|javascript:/i);
    const identifiers = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(identifiers).size).toBe(identifiers.length);
  });

  it('is the same bytes for the same trials, in whatever order they come', () => {
    expect(sweepReport(facts, trials)).toEqual(report);
    expect(sweepReport(facts, trials.toReversed())).toEqual(report);
  });

  it('draws a point and a line for each trial with a result, and nothing for the others', () => {
    const results = trials.filter(hasResult).length;
    const outlier = { learningRate: 1e3, units: 1e6, dropout: 0.1, optimizer: 'lost', batchSize: 32 };
    const lost = [
      trialOf({ number: 120, columns: outlier, value: NaN }),
      trialOf({ number: 121, columns: outlier, value: 99, status: 'failed', reason: 'gone' }),
    ];
    const { plots } = sweepReport(facts, [...trials, ...lost]);
    expect(count(plots['parameter-01-learningRate.svg']!, 'fill="#5b8ec9"')).toBe(results);
    expect(plots['parameter-01-learningRate.svg']).toBe(report.plots['parameter-01-learningRate.svg']);
    expect(plots['parallel-coordinates.svg']).toBe(report.plots['parallel-coordinates.svg']);
    expect(plots['parameter-04-optimizer.svg']).toBe(report.plots['parameter-04-optimizer.svg']);
    // Those of the legend's scale have no such width.
    expect(count(report.plots['parallel-coordinates.svg']!, 'stroke-width="1.2"')).toBe(results);
  });

  it('says where a value is too bad to be drawn where it is', () => {
    const losses = [0.3, 0.4, 0.5, 0.6, 0.7, 1e12].map((value, number) =>
      trialOf({ number, columns: { a: number }, value }),
    );
    const { markdown, plots } = sweepReport(factsOf({ direction: 'minimise', metric: 'validation.loss' }), losses);
    expect(markdown).toContain('In all plots 1 trial with values worse than ');
    expect(plots['best-so-far-trials.svg']).not.toContain('e11');
    expect(markdown).toContain('Best validation.loss: 0.3, by trial 0');
  });

  it('gives no importance for fewer than ten finished trials, and says why', () => {
    const few = trials.filter(hasResult).slice(0, 12);
    const finished = few.filter(({ status }) => status === 'finished').length;
    const cut = few.map((trial, index): TrialRow =>
      index < 5 ? { ...trial, status: 'stopped', reason: 'rank' } : trial,
    );
    const { markdown, plots } = sweepReport(factsOf({ space: mixedSpace }), cut);
    expect(finished).toBeGreaterThan(7);
    expect(markdown).toMatch(/Too few to tell the importance of parameters: \d trials? trained in full \(\d more have/);
    expect(Object.keys(plots)).not.toContain('importance.svg');
  });

  it('puts the learning rate first in importance, where it is', () => {
    const [, first, second] = tableBelow(report.markdown, 'Importance of parameters');
    expect([first![0], second![0]]).toEqual(['learningRate', 'optimizer']);
    expect(Number(first![1])).toBeGreaterThan(0.3);
  });

  it.each([
    ['no trial', []],
    ['only trials that wait', [trialOf({ number: 0, status: 'waiting', startedAt: null, endedAt: null })]],
    ['only trials that failed', [trialOf({ number: 0, status: 'failed', reason: 'gone' })]],
  ])('is there for a sweep of %s', (_, none) => {
    const { markdown, html, plots } = sweepReport(factsOf({ state: 'stopped', endedAt: null }), none);
    expect(markdown).toContain('No trial has a result to show');
    expect(html).toContain('<h2>How to repeat it</h2>');
    expect(plots).toEqual({});
  });

  it('is there for a single trial, and for trials that are all equal', () => {
    const one = sweepReport(factsOf({ space: mixedSpace }), trials.filter(hasResult).slice(0, 1));
    expect(Object.keys(one.plots)).toEqual(['best-so-far-trials.svg', 'best-so-far-compute.svg']);
    const equal = Array.from({ length: 12 }, (_, number) => trialOf({ number, columns: { a: number }, value: 0.5 }));
    const { markdown, plots } = sweepReport(factsOf(), equal);
    expect(markdown).toContain('All 12 trials trained in full have the same validation.accuracy');
    for (const svg of Object.values(plots)) expect(svg).not.toMatch(/NaN|Infinity/);
  });
});

describe('texts of users in a report', () => {
  const bad = `<script>alert(1)</script>"'&amp;|\`*_[x](javascript:y)<img src=x onerror=z>`;
  const columns = (number: number) =>
    Object.fromEntries<string | number>([
      [bad, `${bad}${number % 3}`],
      ['<b>rate', number / 7],
      ['__proto__', `${bad}${number % 2}`],
    ]);
  const evil = Array.from({ length: 30 }, (_, number) =>
    trialOf({
      number,
      columns: columns(number),
      ...(number % 5 === 0 ? { status: 'failed', reason: `${bad}\n\n# ${bad}` } : { value: Math.sin(number) }),
    }),
  );
  const evilFacts = factsOf({
    ...{
      name: bad,
      metric: bad,
      reason: bad,
      schedule: bad,
      sampler: bad,
      command: bad,
      experiment: '{"a":"```</code><script>"}',
    },
    reproducibility: { kind: 'by replay', reasons: [bad] },
    ...{ rounds: [[bad, bad]], edges: [bad], budgets: [{ name: bad, limit: 1, spent: 1, unit: bad }] },
    cost: { pricePerWorkerHour: 1, spent: 1, projected: null, currency: bad },
    space: { [bad]: { choice: [bad, `${bad}1`] } },
  });
  const { markdown, html, plots } = sweepReport(evilFacts, evil);

  it('cannot make elements of a page or a plot', () => {
    for (const text of [html, ...Object.values(plots)]) {
      expect(text).not.toMatch(/<(?:script|img|b)\b/i);
      expect(text).toContain('&lt;script&gt;');
    }
    for (const svg of Object.values(plots)) expectBalanced(svg);
    const body = html
      .replace(/^<!doctype html>/, '')
      .replaceAll(/<meta [^>]*>/g, '')
      .replace(/<style>[^]*?<\/style>/, '');
    expectBalanced(body);
  });

  it('cannot make elements, links or headings of Markdown', () => {
    const outsideOfCode = markdown.replaceAll(/^(`{3,})\w*\n[^]*?\n\1$/gm, '');
    expect(outsideOfCode).not.toMatch(/(?<!\\)</);
    expect(outsideOfCode).not.toMatch(/(?<!\\)\[x/);
    expect([...outsideOfCode.matchAll(/^# /gm)]).toHaveLength(1);
    expect(outsideOfCode).toContain(String.raw`# Sweep \<script\>alert(1)\</script\>`);
    const cells = outsideOfCode.split('\n').filter((line) => line.startsWith('| '));
    for (const line of cells) expect(line.match(/(?<!\\)\|/g)!.length).toBeLessThan(14);
    expect(markdown).toContain('````json\n');
  });

  it('change no object of the process where they are names that all objects have', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const names = ['__proto__', 'constructor', 'toString'];
    const named = Array.from({ length: 12 }, (_, number) => {
      const cells = names.map((name, at): [string, string] => [name, names[(number + at) % 3]!]);
      return trialOf({ number, columns: Object.fromEntries(cells), value: number });
    });
    const drawn = sweepReport(factsOf({ metric: '__proto__' }), named);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(
      Object.keys(drawn.plots)
        .slice(3, 6)
        .map((file) => file.slice(13)),
    ).toEqual(names.map((name) => `${name}.svg`));
    expect(drawn.plots['parallel-coordinates.svg']).toContain('>constructor');
  });

  it('cannot name files outside of the folder', () => {
    for (const file of Object.keys(plots)) expect(file).toMatch(/^[\w-]+\.svg$/);
  });
});

describe('a report of ten thousand trials', () => {
  it('is of a size that a browser can show, and says what it leaves out', () => {
    const many = mixedTrials(10_000);
    const { markdown, html, plots } = sweepReport(factsOf({ space: mixedSpace }), many);
    const results = many.filter(hasResult).length;
    const resultsText = `${Math.floor(results / 1000)},${String(results % 1000).padStart(3, '0')}`;
    expect(html.length).toBeLessThan(3_000_000);
    expect(markdown.length).toBeLessThan(20_000);
    expect(markdown).toContain(`2,000 of ${resultsText} are drawn, evenly chosen`);
    expect(markdown).toContain(`1,000 of ${resultsText} are drawn, evenly chosen`);
    expect(count(plots['parameter-01-learningRate.svg']!, 'fill="#5b8ec9"')).toBe(2000);
    expect(count(plots['parallel-coordinates.svg']!, 'stroke-width="1.2"')).toBe(1000);
  });

  it('of fifty parameters shows the most important ones', () => {
    const names = Array.from({ length: 50 }, (_, index) => `p${index}`);
    const wide = mixedTrials(3000).map((trial) => {
      const columns = Object.fromEntries(names.map((name, at) => [name, Math.sin(trial.number * (at + 1) * 1.37)]));
      return trialOf({ number: trial.number, columns, value: columns['p49']! + columns['p7']! });
    });
    const { html, plots, markdown } = sweepReport(factsOf(), wide);
    const panels = Object.keys(plots).filter((file) => file.startsWith('parameter-'));
    expect(panels).toHaveLength(24);
    expect(panels.map((file) => file.split('-')[2])).toEqual(expect.arrayContaining(['p7.svg', 'p49.svg']));
    expect(markdown).toContain('Left out: 26 more parameters.');
    expect(tableBelow(markdown, 'Best trials')[0]!.slice(-8)).toEqual(expect.arrayContaining(['p7', 'p49']));
    expect(html.length).toBeLessThan(4_000_000);
  });
});
