/** Tables of several kinds of columns that are wrong, and weights that do not suit the data. */
import { describe } from 'vitest';
import { checkAll, type Case } from './data-cases.js';

const table = 'age,colour,kind\n30,red,x\n40,green,y\n50,red,x\n';
const text = { colour: 'category' };

function csv(content: string, data: Record<string, unknown>, message: string, rest: Case['rest'] = {}): () => Case {
  return () => ({ files: { 'table.csv': content }, data: { path: '@/table.csv', ...data }, message, rest });
}

/** Refused before the file is looked at. */
function before(data: Record<string, unknown>, message: string, rest: Case['rest'] = {}): () => Case {
  return () => ({ ...csv(table, data, message, rest)(), code: 'usage' });
}

describe('a table is refused with', () => {
  checkAll('csv', {
    'a column that is not there': csv(
      table,
      { columns: { colr: 'category' } },
      "data.columns: 'colr' is no column of @/table.csv; its columns are age, colour, kind",
    ),
    'a column number beyond the last': csv(
      '1,2,x\n3,4,y\n',
      { header: false, columns: { 4: 'category' } },
      "data.columns: '4' is no column of @/table.csv; with data.header: false columns have no names, but numbers from 1 to 3",
    ),
    'columns counted from 0': csv(
      table,
      { columns: { 0: 'ignore', colour: 'category' } },
      "data.columns: '0' is no column of @/table.csv; its columns are age, colour, kind",
    ),
    'a column by its name and by its number': csv(
      table,
      { columns: { ...text, 2: 'ignore' } },
      'data.columns: column 2 is there by its name and by its number',
    ),
    'a kind for the label': csv(
      table,
      { columns: { ...text, kind: 'category' } },
      "data.columns: 'kind' is the label of @/table.csv",
    ),
    'text where a number belongs': csv(
      table,
      {},
      "@/table.csv:2: column 2 (colour) is 'red', a number belongs there; text is data.columns: { colour: category }",
    ),
    'nothing left to learn from': csv(
      table,
      { columns: { age: 'ignore', colour: 'ignore' } },
      '@/table.csv: none of its columns is left as an input',
    ),
    'a missing number': csv(
      `${table}?,red,y\n`,
      { columns: text },
      "@/table.csv:5: column 1 (age) is '?', a number belongs there; data.missing: { age: median } would put one there",
    ),
    'a missing category': csv(
      `${table}60,NA,y\n`,
      { columns: text },
      "@/table.csv:5: column 2 (colour) is 'NA', a category belongs there; data.missing: { colour: mostFrequent } would put one there",
    ),
    'a missing label': csv(
      `${table}60,red,?\n`,
      { columns: text },
      "@/table.csv:5: column 3 (kind) is '?', a class belongs there",
    ),
    'a missing number to predict': csv(
      'a,y\n1,2\n3,NaN\n',
      { targets: ['y'] },
      "@/table.csv:3: column 2 (y) is 'NaN', a number belongs there",
      { loss: 'meanSquaredError' },
    ),
    'a rule for a column that is not there': csv(
      table,
      { columns: text, missing: { height: 'mean' } },
      "data.missing: 'height' is no column of @/table.csv; its columns are age, colour, kind",
    ),
    'a rule for the label': csv(
      table,
      { columns: text, missing: { kind: 'mostFrequent' } },
      "data.missing: 'kind' is the label of @/table.csv",
    ),
    'a column without any value': csv(
      'age,height,kind\n?,1,x\n?,2,y\n',
      { missing: { age: 'mean' } },
      '@/table.csv: column 1 (age) has no value in the training split, so there is no mean of it; set data.columns: { age: ignore }',
    ),
    'a category that is none of those given': csv(
      table,
      { columns: { colour: { category: ['red', 'blue'] } } },
      "@/table.csv:3: column 2 (colour) is 'green', which is none of its categories: red, blue",
    ),
    'a category that only the test file has': () => ({
      files: { 'table.csv': table, 'test.csv': 'age,colour,kind\n20,red,x\n30,blue,y\n' },
      data: { path: '@/table.csv', test: '@/test.csv', columns: text },
      message: "@/test.csv:3: column 2 (colour) is 'blue', which does not occur in the training data",
    }),
    'text of ten thousand kinds': () => ({
      files: {
        'table.csv': `word,kind\n${Array.from({ length: 10_001 }, (_, row) => `w${row},${row % 2}`).join('\n')}\n`,
      },
      data: { path: '@/table.csv', columns: { word: 'category' } },
      message: '@/table.csv: column 1 (word) has more than 10000 categories; is it text to ignore?',
    }),
    'a target that is not there': csv(
      table,
      { targets: ['age', 'height'] },
      "data.targets: 'height' is no column of @/table.csv; its columns are age, colour, kind",
      { loss: 'meanSquaredError' },
    ),
    'a shape that categories do not fit': csv(
      table,
      { columns: text, shape: [2] },
      'data.shape: [2] has 2 values, @/table.csv has 3 features',
    ),
    'a column of weights that is not there': csv(
      table,
      { columns: text, sampleWeight: 'w' },
      "data.sampleWeight: 'w' is no column of @/table.csv; its columns are age, colour, kind",
    ),
    'the label as weight': csv(
      table,
      { columns: text, sampleWeight: 'kind' },
      "data.sampleWeight: 'kind' is the label of @/table.csv",
    ),
    'a weight below 0': csv(
      'a,w,kind\n1,1,x\n2,-1,y\n',
      { sampleWeight: 'w' },
      "@/table.csv:3: column 2 (w) is '-1', a weight is at least 0",
    ),
    'weights that are all 0': csv(
      'a,w,kind\n1,0,x\n2,0,y\n',
      { sampleWeight: 'w' },
      'the weights of all training samples are 0, nothing would be learned',
    ),
  });
});

describe('an experiment on a table is refused with', () => {
  const train = { epochs: 1, batchSize: 4, microBatchSize: 4 };
  checkAll('csv', {
    'a kind of column that there is not': before(
      { columns: { age: 'numerical' } },
      "data.columns.age: is 'numerical', must be number, category, ignore, or such as { category: [red, green] }; did you mean 'number'?",
    ),
    'a rule that there is not': before(
      { missing: { age: 'zero' } },
      "data.missing.age: is 'zero', must be mean, median, mostFrequent, or such as { constant: 0 }",
    ),
    'the mean of categories': before(
      { columns: text, missing: { colour: 'mean' } },
      "data.missing.colour: 'mean' is for numbers, data.columns.colour is category; mostFrequent fits",
    ),
    'a rule for what is ignored': before(
      { columns: { colour: 'ignore' }, missing: { colour: 'mostFrequent' } },
      'data.missing.colour: data.columns.colour is ignore, nothing is missing there',
    ),
    'text for a number': before(
      { missing: { age: { constant: 'old' } } },
      "data.missing.age: 'old' is no number, and data.columns.age is number",
    ),
    'a constant that is none of the given categories': before(
      { columns: { colour: { category: ['red', 'green'] } }, missing: { colour: { constant: 'blue' } } },
      "data.missing.colour: 'blue' is none of data.columns.colour.category: red, green",
    ),
    'a label beside targets': before(
      { label: 'kind', targets: ['age'] },
      "data.label: 'kind' and data.targets exclude each other",
      { loss: 'meanSquaredError' },
    ),
    'a target that is there twice': before({ targets: ['age', 'age'] }, "data.targets[1]: 'age' is there twice", {
      loss: 'meanSquaredError',
    }),
    'weights of classes where numbers are predicted': before(
      { targets: ['age'] },
      'train.classWeights: is for classes, the data have numbers to predict',
      { loss: 'meanSquaredError', train: { ...train, classWeights: 'balanced' } },
    ),
    'weights for a class that there is not': before(
      { columns: text },
      "train.classWeights: 'z' is no class of the data; they are x, y",
      { train: { ...train, classWeights: { z: 2 } } },
    ),
    'a class twice': before({ columns: text }, "train.classWeights: '0' and 'x' are one class", {
      train: { ...train, classWeights: { 0: 2, x: 3 } },
    }),
    'a balance that there is not': before(
      { columns: text },
      "train.classWeights: is 'equal', must be balanced, or weights by class such as { yes: 3, no: 1 }",
      { train: { ...train, classWeights: 'equal' as never } },
    ),
  });
});
