/** Parameters and searches that are wrong, each with the exact message that the user gets. */
import { describe, expect, it } from 'vitest';
import { parseTemplate, substitute } from '../../common/experiment/load.js';
import { messageOf, withLine } from './experiment-lines.js';

const model = "model: [flatten, { dense: { units: $width } }, { dense: { units: '=2 * $width' } }]";
const search = 'search: { trials: 3, space: { width: { int: [1, 4] } } }';

function giveIt(name: string, path: string): string {
  return `give it a value with --param ${name}=…, or in its place with --set ${path}=…`;
}

describe('a file with parameters is refused', () => {
  it('without their values, each where it is used', () => {
    expect(messageOf(withLine({ model })).split('\n')).toEqual([
      `a.yaml:6:36: model[1].dense.units: $width is a parameter; ${giveIt('width', 'model.1.dense.units')}`,
      `a.yaml:6:66: model[2].dense.units: $width is a parameter; ${giveIt('width', 'model.2.dense.units')}`,
    ]);
  });

  it('without their values, with what a sweep draws them from', () => {
    const short = 'model: [flatten, { dense: { units: $width } }]';
    expect(messageOf(withLine({ model: short, more: search }))).toBe(
      `a.yaml:6:36: model[1].dense.units: $width is a parameter, which a sweep draws from {"int":[1,4]}; ${giveIt('width', 'model.1.dense.units')}`,
    );
  });

  it.each([
    ['a wrong type', 'width=x', "a.yaml:6:36: model[1].dense.units: '$width' is 'x', must be a number"],
    [
      'a wrong kind of number',
      'width=0.5',
      "a.yaml:6:36: model[1].dense.units: '$width' is 0.5, must be a whole number",
    ],
    ['no value', 'width=', "--param 'width=': width has no value; give it one, such as --param width=0.1"],
    ['no equals sign', 'width', "--param 'width': must be name=value, such as rate=1e-3"],
    ['a dollar', '$width=8', "--param '$width=8': '$width' is no name of a parameter; write --param width=…"],
    ['a dash', 'w-1=8', "--param 'w-1=8': 'w-1' is no name of a parameter, letters, digits and underscores"],
    ['torn YAML', 'width=[', "--param 'width=[': Flow sequence must end with a ]"],
  ])('given %s', (_, param, message) => {
    expect(messageOf(withLine({ model }), [], [param]).split('\n')[0]).toBe(message);
  });

  it('given a name that is not its own, with the nearest', () => {
    expect(messageOf(withLine({ model }), [], ['width=8', 'rate=3'])).toBe(
      "--param 'rate=3': nothing in the experiment refers to $rate; its parameters are width",
    );
    expect(messageOf(withLine({ model }), [], ['widht=8']).split('\n')[0]).toBe(
      "--param 'widht=8': nothing in the experiment refers to $widht; did you mean 'width'?",
    );
  });
});

describe('a formula is refused', () => {
  const told = (formula: string) =>
    messageOf(withLine({ model: `model: [{ dense: { units: ${formula} } }]` }), [], ['width=8']);
  const at = 'a.yaml:6:27: model[0].dense.units:';

  it.each([
    ["'=$width / 3'", `${at} '=$width / 3' is 2.6666666666666665, must be a whole number`],
    [
      "'=$width +'",
      `${at} in '=$width +' at column 10: something is missing at the end; if $name stood there, a shell has replaced it: single quotes keep it`,
    ],
    ["'=$width ^ 2'", `${at} in '=$width ^ 2' at column 9: '^' is not understood; write '**' for a power`],
    ["'=$width / 0'", `${at} in '=$width / 0' at column 9: '/' gives an infinite number here`],
    ["'=$width > 3'", `${at} '=$width > 3' is true, must be a number`],
  ])('%s', (formula, message) => expect(told(formula)).toBe(message));

  it('with a comma of its own in a map in one line', () => {
    expect(told('=max(2, $width)')).toContain(
      "in '=max(2' at column 7: ')' is missing here, for the '(' at column 4; within { } and [ ] a formula with a comma stands in quotes, such as '=max(1, $a)'",
    );
  });
});

describe('a sweep is refused', () => {
  const told = (lines: Parameters<typeof withLine>[0]) => {
    try {
      parseTemplate(withLine(lines), 'a.yaml');
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  };
  const drawnFrom = (distribution: string) =>
    told({ model: 'model: [{ dense: { units: $w } }]', more: `search: { trials: 3, space: { w: ${distribution} } }` });
  const names = 'uniform, logUniform, normal, logNormal, int, logInt, choice';
  const one = `must have exactly one of the keys ${names}`;

  it('without a search', () => {
    expect(told({})).toBe(
      'a.yaml:1:1: search: is missing, a sweep needs it, such as search: { trials: 20, space: { rate: { logUniform: [1e-4, 1e-1] } } }',
    );
  });

  it('where a reference is not in the space, with the nearest name', () => {
    expect(told({ model: 'model: [{ dense: { units: $widht } }]', more: search })).toBe(
      'a.yaml:6:27: model[0].dense.units: there is no parameter $widht; did you mean $width?',
    );
    expect(told({ model: "model: [{ dense: { units: '=2 * $depth' } }]", more: search })).toBe(
      'a.yaml:6:27: model[0].dense.units: there is no parameter $depth; search.space has width',
    );
  });

  it('where what does not wait for a parameter is wrong', () => {
    expect(told({ model, more: search, loss: 'loss: mse' })).toMatch(/^a\.yaml:7:7: loss: is 'mse', must be one of/);
  });

  it.each([
    ['{ uniform: [1, 0] }', 'w.uniform: is [1,0], must be [low, high] with low below high; write [0, 1]'],
    ['{ uniform: 3 }', 'w.uniform: is 3, must be a list'],
    [
      '{ uniform: [1, 1] }',
      'w.uniform: is [1,1], must be [low, high] with low below high; write the value alone, it is a constant',
    ],
    ['{ uniform: [1, 2], step: 0 }', 'w.step: is 0, must be above 0'],
    ['{ int: [0.5, 3] }', 'w.int[0]: is 0.5, must be a whole number'],
    [
      '{ logUniform: [-4, -2] }',
      'w.logUniform: is [-4,-2], must be [low, high] with low above 0; write [1e-4, 1e-2], values are real values',
    ],
    ['{ normal: [0, 0] }', 'w.normal: is [0,0], must be [mean, standard deviation] with a deviation above 0'],
    ['{ choice: [] }', 'w.choice: is [], must have at least 1 element'],
    ['{ choice: [1], step: 1 }', "w.step: unknown key; 'choice' has no options"],
    [
      '{ choice: [$a] }',
      "w.choice[0]: is '$a', must be a value; a $reference or a =formula is written where the value is used",
    ],
    ['{ uniform: [0, 1], by: 2 }', "w.by: unknown key; beside 'uniform' may stand step"],
    ['[1, 2]', 'w: is [1,2], must be a value, or a map such as { uniform: [0, 1] }; write { choice: [ 1, 2 ] }'],
    ['{ min: 0, max: 8 }', `w: is {"min":0,"max":8}, ${one}; write { int: [ 0, 8 ] }`],
    ['{ min: 0.5, max: 8 }', `w: is {"min":0.5,"max":8}, ${one}; write { uniform: [ 0.5, 8 ] }`],
    ['{ low: 1, high: 8, log: true }', `w: is {"low":1,"high":8,"log":true}, ${one}; write { logInt: [ 1, 8 ] }`],
    ['{ int: [1, 2], uniform: [1, 2] }', `w: is {"int":[1,2],"uniform":[1,2]}, ${one}`],
    ['null', 'w: is null, must be a value, or a map such as { uniform: [0, 1] }'],
    [
      '$x',
      "w: is '$x', must be a value, or a map such as { uniform: [0, 1] }; what follows from other parameters is a formula where it is used",
    ],
  ])('for %s', (distribution, message) => {
    expect(drawnFrom(distribution).replace(/^a\.yaml:\d+:\d+: search\.space\./, '')).toBe(message);
  });

  it('for a name that cannot be referred to', () => {
    expect(told({ more: 'search: { trials: 3, space: { my-width: 3 } }' })).toBe(
      "a.yaml:11:41: search.space.my-width: 'my-width' is no name of a parameter, letters, digits and underscores; write my_width",
    );
  });

  it("when a trial's values make a wrong experiment", () => {
    const { value, folder } = parseTemplate(withLine({ model, more: search }), 'a.yaml');
    expect(() => substitute(value, { width: 0.5 }, folder)).toThrow("'$width' is 0.5, must be a whole number");
    expect(() => substitute(value, {}, folder)).toThrow('$width is a parameter, which a sweep draws from');
    expect(() => substitute(value, { width: 2, depth: 1 }, folder)).toThrow(
      'nothing in the experiment refers to $depth',
    );
  });
});
