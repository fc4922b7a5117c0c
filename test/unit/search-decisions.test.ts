/** Every decision of successive halving, Hyperband and ASHA against an independent reading of the papers. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { planSearch } from '../../coordinator/search/plan.js';
import type { Decision, SawRank, SearchEvent } from '../../coordinator/search/log.js';
import { Search } from '../../coordinator/search/search.js';
import { searchOf } from './search-plans.js';

interface History {
  method: 'successiveHalving' | 'hyperband' | 'asha';
  direction: 'maximise' | 'minimise';
  eta: number;
  min: number;
  max: number;
  trials: number;
  log: string;
}

const { histories } = JSON.parse(readFileSync(new URL('../golden/search-decisions.json', import.meta.url), 'utf8')) as {
  histories: History[];
};

/** A word of the golden log that is an event; undefined for a decision. */
function eventOf(word: string): SearchEvent | undefined {
  const [kind, rest] = [word[0], word.slice(1)];
  if (kind === 'q') return { type: 'request' };
  if (kind === 'x') return { type: 'finished', trial: Number(rest) };
  if (kind === 'f') return { type: 'failed', trial: Number(rest), reason: 'its worker died three times' };
  if (kind !== 'r') return undefined;
  const [, trial, step, value] = /^(\d+)@(\d+)=(.+)$/.exec(rest)!;
  return { type: 'report', trial: Number(trial), step: Number(step), value: value === 'n' ? NaN : Number(value) };
}

function wordOf(decision: Decision): string {
  switch (decision.type) {
    case 'create':
      return `+${decision.first}*${decision.count}/${decision.bracket}@${decision.untilStep}`;
    case 'pause':
      return `p${decision.trial}`;
    case 'promote':
      return `^${decision.trial}>${decision.rung}@${decision.untilStep}${place(decision.saw)}`;
    case 'stop':
      return `-${decision.trial}:${decision.reason}${'rank' in decision.saw ? place(decision.saw) : ''}`;
    case 'halt':
      return `!${decision.state}`;
  }
}

function place({ rank, results }: SawRank): string {
  return `#${rank}/${results}`;
}

/** The log as the machine would have written it on the same events. */
function replayed({ method, direction, eta, min, max, trials, log }: History): string {
  const schedule = { [method]: { minEpochs: min, eta } };
  const search = new Search(planSearch(searchOf({ trials, epochs: max, direction, schedule }), 1));
  const words: string[] = search.take({ type: 'begin' }).decisions.map(wordOf);
  for (const word of log.split(' ')) {
    const event = eventOf(word);
    if (!event) continue;
    const { decisions, ignored } = search.take(event);
    words.push(word, ...decisions.map(wordOf), ...(ignored === undefined ? [] : ['!']));
  }
  return words.join(' ');
}

describe('decisions of a sweep', () => {
  it.each(['successiveHalving', 'hyperband', 'asha'] as const)(
    'are those of the reference in every random history of %s, with ties, lost numbers, late reports and failures',
    (method) => {
      const own = histories.filter((history) => history.method === method);
      for (const history of own) expect(replayed(history)).toBe(history.log);
      expect(own.length).toBeGreaterThan(250);
    },
  );

  it('were compared on 1,200 histories, as docs/sweeps.md says, which have all kinds of events', () => {
    expect(histories).toHaveLength(1200);
    const all = histories.map(({ log }) => log).join(' ');
    for (const word of [/ !/g, /=n/g, / f\d/g, /:rank/g, /:unpromoted/g, /\^\d+>2/g]) {
      expect(all.match(word)!.length).toBeGreaterThan(100);
    }
  });
});
