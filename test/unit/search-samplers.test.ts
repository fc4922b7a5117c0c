/** What every sampler keeps to, and what each is for. Golden trials pin the bits: a sweep that goes on next year is the same. */
import { describe, expect, it } from 'vitest';
import { latinCoordinate } from '../../coordinator/search/samplers/latin-hypercube.js';
import { samplerFor, type SampledSearch } from '../../coordinator/search/sampler-registry.js';
import type { Sampler } from '../../coordinator/search/sampler.js';

const space: SampledSearch['space'] = {
  rate: { logUniform: [1e-4, 1e-1] },
  width: { int: [8, 64], step: 8 },
  dropout: { uniform: [0, 0.5], step: 0.25 },
  layers: 3,
  optimizer: {
    choice: [
      { value: { adam: { learningRate: '$rate', beta1: '$beta' } }, space: { beta: { normal: [0.9, 0.01] } } },
      { momentum: { learningRate: '$rate', momentum: { logNormal: [-1, 0.1] } } },
      { sgd: { learningRate: '$rate' } },
    ],
  },
  batch: { logInt: [16, 256] },
};
const constraints = ['$width * $batch <= 8192', '$beta < 0.92'];
const trials = 60;

const list = `rate,width,dropout,optimizer,beta,optimizer.momentum.momentum,batch
${Array.from({ length: trials }, (_, n) => `1e-3,${8 * (1 + (n % 8))},${0.25 * (n % 3)},${['adam,0.91,', 'momentum,,0.4', 'sgd,,'][n % 3]},${16 + n}`).join('\n')}
`;
const gridded = { grid: { points: { rate: 3, beta: 2, 'optimizer.momentum.momentum': 2, width: 3, batch: 4 } } };
const samplers: Record<string, SampledSearch['sampler']> = {
  random: 'random',
  grid: gridded,
  sobol: 'sobol',
  latinHypercube: 'latinHypercube',
  list: { list: 'trials.csv' },
};

function make(name: string, seed = 231, search: Partial<SampledSearch> = {}): Sampler {
  return samplerFor({ trials, space, constraints, sampler: samplers[name], ...search }, seed, list);
}

function drawAll(sampler: Sampler, count = trials) {
  return Array.from({ length: count }, (_, number) => sampler.draw(number));
}

describe.each(Object.keys(samplers))('the sampler %s', (name) => {
  const all = drawAll(make(name));

  it('gives trial 17 alone as it gives it among others, in any order', () => {
    expect(make(name).draw(17)).toEqual(all[17]);
    const backwards = make(name);
    const numbers = [...all.keys()].toReversed();
    expect(numbers.map((number) => backwards.draw(number)).toReversed()).toEqual(all);
  });

  it('does not look at results', () => {
    const result = { number: 0, hyperparameters: all[0]!, objective: 0.5 };
    expect(make(name).draw(3, [result])).toEqual(all[3]);
  });

  it('stays within the space and its constraints', () => {
    for (const { columns, parameters } of all) {
      const { rate, width, dropout, batch, beta = 0 } = columns as Record<string, number>;
      expect(rate).toBeGreaterThanOrEqual(1e-4);
      expect(rate).toBeLessThanOrEqual(1e-1);
      expect([8, 16, 24, 32, 40, 48, 56, 64]).toContain(width);
      expect([0, 0.25, 0.5]).toContain(dropout);
      expect(batch).toSatisfy((value: number) => Number.isInteger(value) && value >= 16 && value <= 256);
      expect(width! * batch!).toBeLessThanOrEqual(8192);
      expect(beta).toBeLessThan(0.92);
      expect(parameters['layers']).toBe(3);
    }
  });

  it('gives a trial what belongs to the option that it takes, and no more', () => {
    for (const { columns, parameters } of all) {
      const { optimizer, beta } = parameters as { optimizer: Record<string, object>; beta: number };
      const [taken] = Object.keys(optimizer);
      expect(columns['optimizer']).toBe(taken);
      expect('beta' in parameters).toBe(taken === 'adam');
      expect('optimizer.momentum.momentum' in columns).toBe(taken === 'momentum');
      if (taken === 'adam') expect(optimizer).toEqual({ adam: { learningRate: columns['rate'], beta1: beta } });
    }
  });

  it('reaches every option', () => {
    const taken = new Set(all.map(({ columns }) => columns['optimizer']));
    if (name !== 'grid') expect(taken).toEqual(new Set(['adam', 'momentum', 'sgd']));
    const whole = name === 'grid' ? drawAll(make(name), make(name).size) : all;
    expect(new Set(whole.map(({ columns }) => columns['optimizer'])).size).toBe(3);
  });

  it('refuses what is no number of a trial', () => {
    expect(() => make(name).draw(-1)).toThrow("a trial's number is a whole number");
    expect(() => make(name).draw(0.5)).toThrow('not 0.5');
  });

  it('says so where no trial can hold a constraint, and which', () => {
    const never = { constraints: ['$width > 8', '$width * 2 == 7'] };
    const told = name === 'list' ? 'breaks the constraint' : "'$width * 2 == 7'";
    expect(() => make(name, 231, never).draw(0)).toThrow(told);
  });
});

it.each(['random', 'sobol', 'latinHypercube'])('%s draws other trials for another seed', (name) => {
  expect(drawAll(make(name, 232), 5)).not.toEqual(drawAll(make(name), 5));
});

it.each(['random', 'sobol', 'latinHypercube'])(
  'the first 20 trials of %s have the bits that they always had',
  async (name) => {
    const drawn = drawAll(make(name), 20).map(({ columns }) => columns);
    await expect(`${JSON.stringify(drawn, null, 1)}\n`).toMatchFileSnapshot(`../golden/trials-${name}.json`);
  },
);

it.each(['grid', 'sobol', 'latinHypercube'])(
  'with constraints %s has the points that hold them, in their order',
  (name) => {
    const free = drawAll(make(name, 231, { constraints: [] }), 150);
    const held = free.filter(({ columns }) => {
      const { width, batch, beta = 0 } = columns as Record<string, number>;
      return width! * batch! <= 8192 && beta < 0.92;
    });
    expect(held.length).toBeGreaterThan(60);
    expect(held.length).toBeLessThan(150);
    expect(drawAll(make(name), 60)).toEqual(held.slice(0, 60));
  },
);

it('with constraints random draws again only the trials that break them', () => {
  const free = drawAll(make('random', 231, { constraints: [] }), 60);
  const same = drawAll(make('random'), 60).map(
    (trial, number) => JSON.stringify(trial) === JSON.stringify(free[number]),
  );
  const holds = free.map(({ columns }) => {
    const { width, batch, beta = 0 } = columns as Record<string, number>;
    return width! * batch! <= 8192 && beta < 0.92;
  });
  expect(same).toEqual(holds);
  expect(holds).toContain(false);
});

describe('the grid', () => {
  const grid = (own: SampledSearch['space'], sampler: SampledSearch['sampler'], more: Partial<SampledSearch> = {}) =>
    samplerFor({ trials: 1, space: own, sampler, ...more }, 0);
  const rows = (sampler: Sampler) => drawAll(sampler, sampler.size).map(({ columns }) => Object.values(columns));

  it('has every combination, the last parameter fastest', () => {
    const sampler = grid({ a: { int: [1, 3] }, b: { choice: ['x', 'y'] } }, 'grid');
    expect(rows(sampler)).toEqual([
      [1, 'x'],
      [1, 'y'],
      [2, 'x'],
      [2, 'y'],
      [3, 'x'],
      [3, 'y'],
    ]);
  });

  it('has real points from bound to bound, on the scale of the parameter', () => {
    expect(rows(grid({ a: { uniform: [0, 1] } }, { grid: { points: 5 } })).flat()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    const logarithmic = rows(grid({ a: { logUniform: [1e-4, 1e-2] } }, { grid: { points: 3 } })).flat() as number[];
    expect([logarithmic[0], logarithmic[2]]).toEqual([1e-4, 1e-2]);
    expect(logarithmic[1]).toBeCloseTo(1e-3, 12);
    // Quantiles 1/6, 1/2 and 5/6 of the standard normal distribution.
    const [low, middle, high] = rows(grid({ a: { normal: [0, 1] } }, { grid: { points: 3 } })).flat() as number[];
    expect(middle).toBe(0);
    expect(high).toBeCloseTo(0.967422, 6);
    expect(low).toBe(-high!);
  });

  it('takes one number for real parameters only, and numbers by name for any', () => {
    const own: SampledSearch['space'] = { a: { int: [1, 9] }, b: { uniform: [0, 1] } };
    expect(grid(own, { grid: { points: 2 } }).size).toBe(18);
    const few = grid(own, { grid: { points: { a: 3, b: 1 } } });
    expect(rows(few)).toEqual([
      [1, 0.5],
      [5, 0.5],
      [9, 0.5],
    ]);
  });

  it('combines within a branch only', () => {
    const choice = ['off', { value: { rate: '$p' }, space: { p: { int: [1, 3] } } }, { q: { choice: [4, 5] } }];
    const sampler = grid({ a: { choice }, b: { int: [1, 2] } }, 'grid');
    expect(sampler.size).toBe((1 + 3 + 2) * 2);
    const distinct = new Set(drawAll(sampler, 12).map(({ columns }) => JSON.stringify(columns)));
    expect(distinct.size).toBe(12);
  });

  it('leaves out what a constraint forbids', () => {
    const sampler = grid({ a: { int: [1, 3] }, b: { int: [1, 3] } }, 'grid', { constraints: ['$a < $b'] });
    expect(rows(sampler)).toEqual([
      [1, 2],
      [1, 3],
      [2, 3],
    ]);
    expect(() => sampler.draw(3)).toThrow('there is no trial 3, the last is 2');
  });

  it('that has fewer points than trials, or far too many, is refused', () => {
    expect(() => grid({ a: { int: [1, 3] } }, 'grid', { trials: 4 })).toThrow(
      'search.trials: is 4, the grid has 3 trials; write trials: 3',
    );
    expect(() => grid({ a: { int: [1, 1000] }, b: { int: [1, 1000] } }, 'grid')).toThrow('the grid has 1000000 points');
  });
});

describe('the Latin hypercube', () => {
  it('has one trial in each n-th of every parameter, also of a second hypercube', () => {
    for (const size of [1, 7, 60]) {
      for (const stream of [1, 2, 4_000_000_000]) {
        for (const cube of [0, 1]) {
          const points = Array.from({ length: size }, (_, n) =>
            latinCoordinate({ seed: 5, size, stream }, cube * size + n),
          );
          const strata = points.map((value) => Math.floor(value * size)).toSorted((left, right) => left - right);
          expect(strata).toEqual([...Array(size).keys()]);
        }
      }
    }
  });

  it('pairs the strata of two parameters, and of two hypercubes, at random', () => {
    const order = (stream: number, first: number) =>
      Array.from({ length: 16 }, (_, n) => Math.floor(latinCoordinate({ seed: 5, size: 16, stream }, first + n) * 16));
    const orders = [order(1, 0), order(2, 0), order(1, 16)].map(String);
    expect(new Set(orders).size).toBe(3);
  });

  it('covers a sweep of as many trials as it has', () => {
    const search: SampledSearch = { trials: 20, space: { a: { int: [1, 20] } }, sampler: 'latinHypercube' };
    const drawn = drawAll(samplerFor(search, 3), 20).map(({ columns }) => Number(columns['a']));
    expect(drawn.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  });
});

describe('sobol', () => {
  it('covers a sweep of a power of two', () => {
    const search: SampledSearch = { trials: 16, space: { a: { int: [1, 16] }, b: { int: [1, 16] } }, sampler: 'sobol' };
    const drawn = drawAll(samplerFor(search, 3), 16);
    for (const name of ['a', 'b']) expect(new Set(drawn.map(({ columns }) => columns[name])).size).toBe(16);
  });

  it('has no more dimensions than its table', () => {
    const wide = Object.fromEntries(
      Array.from({ length: 101 }, (_, n) => [`p${n}`, { uniform: [0, 1] as [number, number] }]),
    );
    expect(() => samplerFor({ trials: 1, space: wide, sampler: 'sobol' }, 0)).toThrow(
      'sobol has 100 dimensions, the space draws 101 parameters; write latinHypercube',
    );
  });
});

describe('a list of trials', () => {
  const small: SampledSearch['space'] = { rate: { uniform: [0, 1] }, name: { choice: ['a,b', 'c"d', 'x'] }, depth: 3 };
  const from = (text: string, more: Partial<SampledSearch> = {}) =>
    samplerFor({ trials: 1, space: small, sampler: { list: 't.csv' }, ...more }, 0, text);

  it('may have quotes, empty lines, and ends of lines as Windows writes them', () => {
    const sampler = from('\uFEFFname,rate\r\n"a,b",0.5\r\n\r\n"c""d",1e-1\r\nx , 1');
    expect(drawAll(sampler, 3).map(({ columns }) => columns)).toEqual([
      { rate: 0.5, name: 'a,b' },
      { rate: 0.1, name: 'c"d' },
      { rate: 1, name: 'x' },
    ]);
    expect(sampler.size).toBe(3);
  });

  it.each([
    ['', 'the list of trials is empty; its first line names the parameters'],
    ['rate,name\n0.5', 'line 2 of the list of trials: has 1 cells, the first line has 2'],
    ['rate,name\n0.5,x\n2,x', 'line 3 of the list of trials: rate is 2, which the space does not have'],
    ['rate,name\n,x', 'line 2 of the list of trials: rate has no value'],
    ['rate,name\n0.5,y', 'line 2 of the list of trials: name is y, must be one of a,b, c"d, x'],
    ['rate,name,depth\n0.5,x,3', "line 1 of the list of trials: column 'depth' is a constant of the space"],
    ['rate,nam\n0.5,x', "line 1 of the list of trials: column 'nam' is no parameter; the space draws rate, name"],
    ['rate,rate\n0.5,1', "line 1 of the list of trials: column 'rate' is there twice"],
    ['rate,name\n0.5,"x', 'line 2 of the list of trials: a quote is not closed'],
  ])('%j is refused', (text, message) => expect(() => from(text)).toThrow(message));

  it('with a value of a branch that its trial does not take is refused', () => {
    const branches: SampledSearch['space'] = { a: { choice: ['off', { value: '$b', space: { b: { int: [1, 2] } } }] } };
    expect(() => from('a,b\noff,1', { space: branches })).toThrow(
      'line 2 of the list of trials: b is 1, but no option that has it is taken; leave the cell empty',
    );
  });

  it('that is shorter than the sweep is refused', () => {
    expect(() => from('rate,name\n0.5,x', { trials: 2 })).toThrow('search.trials: is 2, the list has 1 trials');
  });
});

describe('a constraint', () => {
  const search = (constraint: string): SampledSearch => ({
    trials: 1,
    space: { a: { int: [1, 4] }, b: { choice: ['x'] } },
    constraints: [constraint],
  });

  it.each([
    ['$a * 2', /^search\.constraints: '\$a \* 2' gives \d, must be true or false/],
    ['$b < 3', "search.constraints: in '$b < 3' at column 1: 'x' is not a number ($b = x)"],
  ])('%s that is neither true nor false is an error', (text, message) => {
    expect(() => samplerFor(search(text), 0).draw(0)).toThrow(message);
  });

  it('that few values hold is held', () => {
    const rare: SampledSearch = { trials: 1, space: { a: { int: [1, 1000] } }, constraints: ['$a == 500'] };
    expect(samplerFor(rare, 0).draw(0).columns).toEqual({ a: 500 });
  });
});
