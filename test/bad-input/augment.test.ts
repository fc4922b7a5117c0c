/** Augmentation and test-time augmentation that cannot be: each with the exact message that the user gets. */
import { describe, expect, it } from 'vitest';
import { TestTimeViews } from '../../inference/test-time-views.js';
import { checkAll } from './data-cases.js';
import { idxFiles } from './data-files.js';
import { messageOf, withLine, type Lines } from './experiment-lines.js';

const line = (entry: string): Lines => ({ augment: `augment: [${entry}]` });

const cases: [string, Lines, string][] = [
  [
    'a rotation by more than half a turn',
    line('{ rotate: { degrees: 270 } }'),
    'a.yaml:5:32: augment[0].rotate.degrees: is 270, must be at most 180',
  ],
  [
    'a rotation without degrees',
    line('{ rotate: 15 }'),
    'a.yaml:5:21: augment[0].rotate: is 15, must be a map of keys; write rotate: { degrees: 15 }',
  ],
  [
    'a translation by the whole picture',
    line('{ translate: { fraction: 1 } }'),
    'a.yaml:5:36: augment[0].translate.fraction: is 1, must be below 1',
  ],
  [
    'a negative factor',
    line('{ contrast: { factor: -0.1 } }'),
    'a.yaml:5:33: augment[0].contrast.factor: is -0.1, must be above 0',
  ],
  [
    'a factor that could turn colours round',
    line('{ saturation: { factor: 1.5 } }'),
    'a.yaml:5:35: augment[0].saturation.factor: is 1.5, must be at most 1',
  ],
  [
    'an area of more than the picture',
    line('{ resizedCrop: { area: [0.5, 1.5] } }'),
    'a.yaml:5:40: augment[0].resizedCrop.area[1]: is 1.5, must be at most 1',
  ],
  [
    'a range the wrong way round',
    line('{ erase: { aspect: [3.3, 0.3] } }'),
    'a.yaml:5:30: augment[0].erase.aspect: is [3.3,0.3], must have the smaller number first',
  ],
  [
    'a probability of more than 1',
    line('{ erase: { probability: 50 } }'),
    'a.yaml:5:35: augment[0].erase.probability: is 50, must be at most 1',
  ],
  [
    'a cutout of half a pixel',
    line('{ cutout: { size: 0.5 } }'),
    'a.yaml:5:29: augment[0].cutout.size: is 0.5, must be a whole number',
  ],
  [
    'a mixup with a negative alpha',
    line('{ mixup: { alpha: -1 } }'),
    'a.yaml:5:29: augment[0].mixup.alpha: is -1, must be above 0',
  ],
  [
    'the same twice',
    line('{ rotate: { degrees: 5 } }, { rotate: { degrees: 9 } }'),
    "a.yaml:5:39: augment[1]: 'rotate' is there twice",
  ],
  [
    'a mixup with a margin',
    { ...line('{ mixup: {} }'), loss: 'loss: hinge' },
    "a.yaml:5:20: augment[0].mixup: goes with loss: softmaxCrossEntropy, whose label may be of two classes, not with 'hinge'; take one of them out",
  ],
  [
    'a mixup of micro-batches of one sample',
    { ...line('{ mixup: {} }'), train: 'train: { epochs: 5, batchSize: 64, microBatchSize: 1 }' },
    'a.yaml:5:20: augment[0].mixup: mixes the samples of a micro-batch, and train.microBatchSize is 1; make that 2 or more',
  ],
];

describe('an experiment is refused with', () => {
  it.each(cases)('%s', (_, lines, message) => {
    expect(messageOf(withLine(lines))).toBe(message);
  });
});

const onCsv = (entry: object, name: string) => () => ({
  files: { 'table.csv': 'a,b,kind\n1,2,x\n3,4,y\n' },
  data: { source: 'csv', path: '@/table.csv' },
  rest: { augment: [entry] as never },
  code: 'usage',
  message: `augment[0].${name}: is for images [height, width, channels], a sample is [2]`,
});

const onGrey = (entry: object, message: string) => () => ({
  files: idxFiles(),
  rest: { augment: [entry] as never },
  code: 'usage',
  message,
});

describe('data are refused with', () => {
  checkAll('idx', {
    'a rotation of a row of numbers': onCsv({ rotate: { degrees: 5 } }, 'rotate'),
    'a brightness of a row of numbers': onCsv({ brightness: { factor: 0.1 } }, 'brightness'),
    'an erased part of a row of numbers': onCsv({ erase: {} }, 'erase'),
    'a saturation of grey pictures': onGrey(
      { saturation: { factor: 0.5 } },
      'augment[0].saturation: is for images of three channels, a sample is [2,2,1]',
    ),
    'a lighting of grey pictures': onGrey(
      { lighting: {} },
      'augment[0].lighting: is for images of three channels, a sample is [2,2,1]',
    ),
    'a cutout that leaves nothing': onGrey(
      { cutout: { size: 4 } },
      'augment[0].cutout.size: 4 leaves nothing of the image wherever it lies, a sample is [2,2,1]',
    ),
  });
});

describe('views are refused with', () => {
  it.each([
    ['hundredCrop', 'is none of mirror, fiveCrop, tenCrop, multiScale, nor one with parts, such as tenCrop:0.8'],
    ['tenCrop:1:2', 'is none of mirror, fiveCrop, tenCrop, multiScale, nor one with parts, such as tenCrop:0.8'],
    ['mirror:0.5', "mirror takes no part; leave ':0.5' out"],
    ['tenCrop:x', 'parts of the sides are from 0.1 to 1, such as tenCrop:0.875'],
    ['tenCrop:0.5,0.6', 'has 2 parts, the most is 1'],
    ['multiScale:1,0', 'parts of the sides are from 0.1 to 2, such as multiScale:1,0.875,0.75'],
  ])('%s', (text, message) => {
    expect(() => TestTimeViews.for(text, { shape: [4, 4, 3], preprocess: [] }, 2)).toThrow(
      `--augment ${text}: ${message}`,
    );
  });

  it('samples that are no pictures', () => {
    expect(() => TestTimeViews.for('tenCrop', { shape: [13], preprocess: [] }, 2)).toThrow(
      "--augment tenCrop: is for images [height, width, channels], the run's samples are [13]",
    );
  });

  it.each([
    [{ pca: { components: 12 } }, 'pca has made vectors without places of them'],
    [{ whiten: { epsilon: 0.01 } }, 'whiten has made vectors without places of them'],
    [{ standardise: 'feature' } as const, 'standardise: feature gives every place a scale of its own'],
  ])('%j, after which no value may change its place', (entry, why) => {
    const samples = { shape: [4, 4, 3], preprocess: [entry] };
    const way = 'leave --augment out, or train with preprocess: [{ standardise: channel }]';
    expect(() => TestTimeViews.for('tenCrop', samples, 2)).toThrow(
      `--augment tenCrop: is of preprocessed pictures, but the run's ${why}; ${way}`,
    );
  });
});
