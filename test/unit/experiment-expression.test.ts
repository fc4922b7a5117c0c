/** Formulas over parameters: what they are worth, what is wrong in them and where, and that they have bounds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactExp, exactPower, logOf } from '../../common/exact-math.js';
import { Expression } from '../../common/experiment/expression/expression.js';
import { ExpressionError } from '../../common/experiment/expression/expression-error.js';

/** Characters that begin something, and some that do not belong there. */
const strange = Array.from('$aif(),+-*/%<>=!&|\'"0.9e \t€😀');

const scope = { width: 32, rate: 0.25, deep: true, kind: 'relu', shape: [3, 3], none: null };

function valueOf(text: string): unknown {
  return Expression.parse(text).evaluate(scope);
}

/** `column: message` */
function errorOf(text: string): string {
  try {
    valueOf(text);
  } catch (error) {
    expect(error).toBeInstanceOf(ExpressionError);
    return `${(error as ExpressionError).column}: ${(error as ExpressionError).message}`;
  }
  return 'no error';
}

describe('a formula', () => {
  it.each([
    ['2 * $width', 64],
    ['$width', 32],
    ['1e-3', 0.001],
    ['.5 + 1.', 1.5],
    // Products before sums, from left to right.
    ['2 + 3 * 4', 14],
    ['(2 + 3) * 4', 20],
    ['10 - 3 - 2', 5],
    ['2 / 4 * 2', 1],
    ['7 % 4 * 2', 6],
    // Powers from right to left, before a sign at their left: 2 ** 9, -(2 ** 2).
    ['2 ** 3 ** 2', 512],
    ['-2 ** 2', -4],
    ['2 ** -1', 0.5],
    ['10 ** -3', 0.001],
    ['2 * -3', -6],
    ['- -3', 3],
    ['+3 - +1', 2],
    ['min(3, $width, 5)', 3],
    ['max(3, $width)', 32],
    ['round(2.5) + floor(-0.5) + ceil(0.5)', 3],
    ['abs(-3)', 3],
    ['sqrt(16)', 4],
    ['pow(9, 0.5)', 3],
    ['log(1) + exp(0)', 1],
    ['1 < 2 and 2 <= 2', true],
    ['1 > 2 or 2 >= 3', false],
    ['not 1 == 2', true],
    ['not true or true', true],
    ['true or false and false', true],
    ['1 + 1 == 2', true],
    ['1 != 1', false],
    ["$kind == 'relu'", true],
    [`$kind != "tanh"`, true],
    ["if($kind == 'relu', 'heNormal', 'glorotUniform')", 'heNormal'],
    ['if($deep, 2 * $width, 1 / 0)', 64],
    ['$deep and $rate < 0.5', true],
    // What decides already is not followed by what could not be computed.
    ['false and 1 / 0 > 0', false],
    ['true or 1 / 0 > 0', true],
    ["')'", ')'],
  ])('%s is %s', (text, value) => expect(valueOf(text)).toBe(value));

  it('says to which parameters it refers, each once', () => {
    const { references } = Expression.parse('$a + min($b, $a) * $c_1');
    expect([...references]).toEqual([
      ['a', 1],
      ['b', 10],
      ['c_1', 20],
    ]);
  });

  it('is computed as its brackets say, whatever is in them', () => {
    type Made = { text: string; value: number };
    const { formula } = fc.letrec<{ formula: Made }>((tie) => ({
      formula: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.integer({ min: 0, max: 99 }).map((value) => ({ text: String(value), value })),
        tie('formula').map(({ text, value }) => ({ text: `-(${text})`, value: -value })),
        fc.tuple(tie('formula'), fc.constantFrom('+', '-', '*'), tie('formula')).map(([left, operator, right]) => ({
          text: `(${left.text})${operator}(${right.text})`,
          value:
            operator === '+'
              ? left.value + right.value
              : operator === '-'
                ? left.value - right.value
                : left.value * right.value,
        })),
      ),
    }));
    fc.assert(
      fc.property(formula, ({ text, value }) => {
        fc.pre(text.length <= 1000 && Number.isFinite(value));
        expect(valueOf(text)).toBe(value);
      }),
    );
  });
});

describe('a wrong formula is refused with its column:', () => {
  it.each([
    ['', '1: something is missing at the end'],
    ['2 *', '4: something is missing at the end'],
    ['* 2', "1: a number or a parameter is missing before '*'"],
    ['2 2', "3: '2' is not expected here; an operator such as + or * must stand before it"],
    ['2 $width', "3: '$width' is not expected here; an operator such as + or * must stand before it"],
    ['(2 + 3', "7: ')' is missing here, for the '(' at column 1"],
    ['(2 3)', "4: ')' is missing here, not '3', for the '(' at column 1"],
    ['2)', "2: ')' is not expected here; no '(' belongs to it"],
    ['max($width', "11: ')' is missing here, for the '(' at column 4"],
    ['2 * width', "5: 'width' is no number; a parameter is written $width, a text 'width' in quotes"],
    ['2 * ${width}', "5: '${width}' is not understood; write $width"],
    ['$deep && true', "7: '&&' is not understood; write 'and'"],
    ['$deep || true', "7: '||' is not understood; write 'or'"],
    ['!$deep', "1: '!' is not understood; write 'not'"],
    ['$width = 3', "8: '=' is not understood; write '==' to compare"],
    ['2 ^ 3', "3: '^' is not understood; write '**' for a power"],
    ['$deep ? 1 : 2', "7: '?' is not understood; write if(condition, then, else)"],
    ["'relu", "1: ''' is not understood; the quote is never closed"],
    ['2 # 3', "3: '#' is not understood"],
    ['process.exit(1)', "8: '.' is not understood"],
    ['constructor(1)', `1: there is no function 'constructor'; the functions are ${functionNames()}`],
    ['sqr(4)', "1: there is no function 'sqr'; did you mean 'sqrt'?"],
    ['sqrt', "1: 'sqrt' is a function; write sqrt(a)"],
    ['pow(2)', "1: 'pow' has 1 arguments; write pow(a, b)"],
    ['min()', "1: 'min' has 0 arguments; write min(a, b, …)"],
    ['if($deep, 1)', "1: 'if' has 2 arguments; write if(condition, then, else)"],
    ['1 < $width < 3', "12: comparisons do not chain; write '$a < $b and $b < $c'"],
    ['1 + $widht', '5: there is no parameter $widht; did you mean $width?'],
    ['$toString', '1: there is no parameter $toString'],
    ['1 + $shape', '5: $shape is a list, which cannot be computed with'],
    ['1 + $none', '5: $none is null, which cannot be computed with'],
    ['1 + $kind', "5: 'relu' is not a number"],
    ['1 + true', '5: true is not a number'],
    ['if($width, 1, 2)', '4: 32 is not true or false; compare it, as in $a > 0'],
    ['$kind == 3', "7: 'relu' and 3 are of different kinds and never equal"],
    ['1 / 0', "3: '/' gives an infinite number here"],
    ['0 % 0', "3: '%' gives no number here"],
    ['log(-1)', "1: 'log' gives no number here"],
    ['exp(1000)', "1: 'exp' gives an infinite number here"],
    ['(-8) ** 0.5', "6: '**' gives no number here"],
  ])('%s', (text, message) => expect(errorOf(text)).toBe(message));

  it('one that is too long', () => {
    expect(errorOf(`1${'+1'.repeat(500)}`)).toBe('1001: has 1001 characters, the most is 1000');
    expect(valueOf(`11${'+1'.repeat(499)}`)).toBe(510);
  });

  it('one that is nested too deep', () => {
    expect(errorOf('('.repeat(51))).toBe('51: is nested deeper than 50 brackets and operators');
    expect(errorOf(`${'-'.repeat(51)}1`)).toBe('51: is nested deeper than 50 brackets and operators');
    expect(valueOf(`${'('.repeat(49)}1${')'.repeat(49)}`)).toBe(1);
  });

  it('whatever text it is, with a column that the text has', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...strange), maxLength: 40 }), (text) => {
        const column = Number(/^(\d+): /.exec(errorOf(text))?.[1] ?? 1);
        expect(column).toBeGreaterThanOrEqual(1);
        expect(column).toBeLessThanOrEqual(text.length + 1);
      }),
    );
  });
});

function functionNames(): string {
  return 'min, max, round, floor, ceil, abs, sqrt, log, exp, pow, if';
}

describe('the functions that every machine computes to the same bits', () => {
  const close = (value: number, wanted: number) => Math.abs(value - wanted) <= 4e-16 * Math.abs(wanted) + 5e-324;

  it('exp is within two units in the last place of the platform, from underflow to overflow', () => {
    fc.assert(fc.property(fc.double({ min: -745, max: 709.7, noNaN: true }), (x) => close(exactExp(x), Math.exp(x))));
    expect([exactExp(0), exactExp(711), exactExp(-800)]).toEqual([1, Infinity, 0]);
  });

  it('log of any number, those below the normal ones too', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(Math.abs(logOf(x) - Math.log(x))).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(Math.log(x))));
      }),
    );
    expect([logOf(1), logOf(0), logOf(-1)]).toEqual([0, -Infinity, Number.NaN]);
  });

  it('powers of whole exponents by multiplication, others by logarithm', () => {
    expect([exactPower(2, 10), exactPower(2, -2), exactPower(-3, 3), exactPower(0, 0.5)]).toEqual([1024, 0.25, -27, 0]);
    expect(exactPower(2, 0.5)).toBeCloseTo(Math.SQRT2, 15);
    expect(exactPower(-8, 0.5)).toBe(Number.NaN);
  });
});
