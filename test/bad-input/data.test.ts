/** Every way that we know in which data files are wrong, each with the exact message that the user gets. */
import { gzipSync } from 'node:zlib';
import { beforeAll, describe } from 'vitest';
import { checkAll, type Case } from './data-cases.js';
import { cifarBatch, idx, idxFiles, idxSplit, png, type Files } from './data-files.js';

function without(files: Files, name: string): Files {
  return Object.fromEntries(Object.entries(files).filter(([key]) => key !== name));
}

describe('idx: refused is', () => {
  const images = 'train-images-idx3-ubyte';
  const labels = 'train-labels-idx1-ubyte';
  const pixels = new Uint8Array(24);
  checkAll('idx', {
    'a folder that does not exist': () => ({
      files: {},
      data: { path: '@/nowhere' },
      message: "data.path: '@/nowhere' does not exist",
    }),
    'a path that is a file': () => ({
      files: { file: 'x' },
      data: { path: '@/file' },
      message: "data.path: '@/file' is a file, a folder belongs there",
    }),
    'one class alone': () => ({
      files: { ...idxFiles(), ...idxSplit('train', { count: 3, labels: [2, 2, 2] }) },
      message: '@/train-labels-idx1-ubyte: every label is 2, at least two classes are needed',
    }),
    'a folder without training images': () => ({
      files: without(idxFiles(), images),
      message:
        "data.path: '@' has none of train-images-idx3-ubyte, train-images.idx3-ubyte, train-images-idx3-ubyte.gz, train-images.idx3-ubyte.gz",
    }),
    'a folder without test labels': () => ({
      files: without(idxFiles(), 't10k-labels-idx1-ubyte'),
      message:
        "data.path: '@' has none of t10k-labels-idx1-ubyte, t10k-labels.idx1-ubyte, t10k-labels-idx1-ubyte.gz, t10k-labels.idx1-ubyte.gz",
    }),
    'an empty file': () => ({
      files: { ...idxFiles(), [images]: '' },
      message: `@/${images}: has 0 bytes, an IDX header has 16`,
    }),
    'a file cut within its header': () => ({
      files: { ...idxFiles(), [images]: idx([0x803, 6, 2], []) },
      message: `@/${images}: has 12 bytes, an IDX header has 16`,
    }),
    'a wrong magic number': () => ({
      files: { ...idxFiles(), [images]: idx([0x1234, 6, 2, 2], pixels) },
      message: `@/${images}: begins with 0x1234, an IDX file of images with 0x803`,
    }),
    'labels where images belong': () => ({
      files: { ...idxFiles(), [images]: idx([0x801, 6, 2, 2], pixels) },
      message: `@/${images}: begins with 0x801, an IDX file of images with 0x803`,
    }),
    'images where labels belong': () => ({
      files: { ...idxFiles(), [labels]: idx([0x803, 6], new Uint8Array(6)) },
      message: `@/${labels}: begins with 0x803, an IDX file of labels with 0x801`,
    }),
    'images cut at the end': () => ({
      files: { ...idxFiles(), [images]: idx([0x803, 6, 2, 2], pixels.subarray(1)) },
      message: `@/${images}: has 39 bytes, its header promises 40`,
    }),
    'bytes behind the last image': () => ({
      files: { ...idxFiles(), [images]: idx([0x803, 6, 2, 2], [...pixels, 0]) },
      message: `@/${images}: has 41 bytes, its header promises 40`,
    }),
    'a header that promises more memory than there is': () => ({
      files: { ...idxFiles(), [images]: idx([0x803, 0xffffffff, 1000, 1000], pixels) },
      message: `@/${images}: its header promises 4294967295000016 bytes, the most is 2147483647`,
    }),
    'images of no size': () => ({
      files: { ...idxFiles(), [images]: idx([0x803, 6, 0, 2], []) },
      message: `@/${images}: its images are 0x2`,
    }),
    'no images': () => ({
      files: { ...idxFiles(), ...idxSplit('train', { count: 0 }) },
      message: `@/${images}: has no images`,
    }),
    'labels cut at the end': () => ({
      files: { ...idxFiles(), [labels]: idx([0x801, 6], [0, 1, 2, 0, 1]) },
      message: `@/${labels}: has 13 bytes, its header promises 14`,
    }),
    'more images than labels': () => ({
      files: { ...idxFiles(), ...idxSplit('train', { count: 6, labels: [0, 1, 2, 0, 1] }) },
      message: `@/${images}: has 6 images, @/${labels} has 5 labels`,
    }),
    'test images of another size': () => ({
      files: { ...idxFiles(), ...idxSplit('t10k', { count: 3, height: 3 }) },
      message: '@: training images are 2x2, test images 3x2',
    }),
    'a test label that no training image has': () => ({
      files: { ...idxFiles(), ...idxSplit('t10k', { count: 3, labels: [0, 7, 1] }) },
      message: '@/t10k-labels-idx1-ubyte: label 1 is 7, the training labels are 0 to 2',
    }),
    'a gz file cut at the end': () => ({
      files: {
        ...without(idxFiles(), images),
        [`${images}.gz`]: gzipSync(idx([0x803, 6, 2, 2], pixels)).subarray(0, 30),
      },
      message: `@/${images}.gz: cannot be unpacked: unexpected end of file`,
    }),
    'a gz file with a broken checksum': () => {
      const packed = gzipSync(idx([0x803, 6, 2, 2], pixels));
      packed[packed.length - 8]! ^= 1;
      return {
        files: { ...without(idxFiles(), images), [`${images}.gz`]: packed },
        message: `@/${images}.gz: cannot be unpacked: incorrect data check`,
      };
    },
    'a gz file that unpacks to more than its header promises': () => ({
      files: {
        ...without(idxFiles(), images),
        [`${images}.gz`]: gzipSync(Buffer.concat([idx([0x803, 6, 2, 2], []), Buffer.alloc(1 << 20)])),
      },
      message: `@/${images}.gz: unpacks to more than the 40 bytes that its header promises`,
    }),
    'a gz file that unpacks to less than its header promises': () => ({
      files: { ...without(idxFiles(), images), [`${images}.gz`]: gzipSync(idx([0x803, 6, 2, 2], [1, 2])) },
      message: `@/${images}.gz: has 18 bytes, its header promises 40`,
    }),
    'more validation samples than samples': () => ({
      files: idxFiles(),
      data: { validation: 7 },
      message: 'data.validation: 7 is more than the 6 samples there are',
    }),
    'a validation split that leaves nothing to train on': () => ({
      files: idxFiles(),
      data: { validation: 6 },
      message: 'data: 6 for validation and 0 for test leave nothing of 6 samples to train on',
    }),
    'binary cross-entropy on three classes': () => ({
      files: idxFiles(),
      rest: { loss: 'binaryCrossEntropy' },
      code: 'usage',
      message: 'loss: binaryCrossEntropy is for two classes, the data have 3 classes',
    }),
    'a crop that could leave nothing of the image': () => ({
      files: idxFiles(),
      rest: { augment: [{ flip: 'horizontal' }, { crop: { padding: 2 } }] },
      code: 'usage',
      message: 'augment[1].crop.padding: 2 could move the whole image away, a sample is [2,2,1]',
    }),
  });
});

describe('cifar10: refused is', () => {
  const whole = { 'data_batch_1.bin': cifarBatch([0, 9]), 'test_batch.bin': cifarBatch([3]) };
  checkAll('cifar10', {
    'a folder that does not exist': () => ({
      files: {},
      data: { path: '@/cifar' },
      message: "data.path: '@/cifar' does not exist",
    }),
    'the archive instead of the folder': () => ({
      files: { 'cifar-10-binary.tar.gz': 'x' },
      data: { path: '@/cifar-10-binary.tar.gz' },
      message: "data.path: '@/cifar-10-binary.tar.gz' is a file, a folder belongs there",
    }),
    'a folder without training batches': () => ({
      files: { 'test_batch.bin': cifarBatch([3]) },
      message: "data.path: '@' has no data_batch_1.bin",
    }),
    'a folder without the test batch': () => ({
      files: { 'data_batch_1.bin': cifarBatch([0]) },
      message: "data.path: '@' has no test_batch.bin",
    }),
    'a missing batch in between': () => ({
      files: { ...whole, 'data_batch_3.bin': cifarBatch([1]) },
      message: "data.path: '@' has no data_batch_2.bin",
    }),
    'the Python version': () => ({
      files: { data_batch_1: 'x', test_batch: 'x' },
      message: "data.path: '@' has no data_batch_1.bin; what is there is the Python version, the binary one is needed",
    }),
    'an empty batch': () => ({
      files: { ...whole, 'data_batch_1.bin': '' },
      message: "@/data_batch_1.bin: has 0 bytes, no multiple of a record's 3073",
    }),
    'a batch cut within a record': () => ({
      files: { ...whole, 'data_batch_1.bin': cifarBatch([0, 1]).subarray(0, 6000) },
      message: "@/data_batch_1.bin: has 6000 bytes, no multiple of a record's 3073",
    }),
    'a label out of range': () => ({
      files: { ...whole, 'test_batch.bin': cifarBatch([3, 10]) },
      message: '@/test_batch.bin: record 1 has label 10, labels are 0 to 9',
    }),
  });
});

describe('images: refused is', () => {
  let red: Buffer;
  let wide: Buffer;

  beforeAll(async () => {
    red = await png(4, 3, 'red');
    wide = await png(5, 3, 'blue');
  });

  checkAll('images', {
    'a folder that does not exist': () => ({
      files: {},
      data: { path: '@/pictures' },
      message: "data.path: '@/pictures' does not exist",
    }),
    'a folder without class folders': () => ({
      files: { 'one.png': red },
      message: '@: has 0 class folders, at least two are needed',
    }),
    'a single class': () => ({
      files: { 'cat/one.png': red },
      message: '@: has 1 class folder, at least two are needed',
    }),
    'a class without pictures': () => ({
      files: { 'cat/one.png': red, 'dog/notes.txt': 'none yet' },
      message: '@/dog: has no pictures (jpg, png, webp, gif, tiff)',
    }),
    'pictures of different sizes': () => ({
      files: { 'cat/one.png': red, 'dog/two.png': wide },
      message: '@/dog/two.png: is 3x5, the first picture 3x4; set data.size to resize all',
    }),
    'a file that is no picture': () => ({
      files: { 'cat/one.png': red, 'dog/two.png': 'these are no pixels' },
      message: '@/dog/two.png: cannot be decoded: Input file contains unsupported image format',
    }),
    'an empty picture': () => ({
      files: { 'cat/one.png': red, 'dog/two.png': '' },
      message: '@/dog/two.png: cannot be decoded: Input file contains unsupported image format',
    }),
    'a class that only the test folder has': () => ({
      files: { 'train/cat/1.png': red, 'train/dog/1.png': red, 'test/bird/1.png': red },
      message: "@/test: class 'bird' has no training pictures",
    }),
    'a test folder without classes': () => ({
      files: { 'train/cat/1.png': red, 'train/dog/1.png': red, 'test/readme.txt': '' },
      message: '@/test: has no class folders',
    }),
    'data.test beside a test folder': () => ({
      files: { 'train/cat/1.png': red, 'train/dog/1.png': red, 'test/dog/1.png': red },
      data: { test: 0.5 },
      code: 'usage',
      message: 'data.test: 0.5 is given, but @ has a folder test/ of its own',
    }),
    'more memory than there is': () => ({
      files: { 'cat/one.png': red, 'dog/two.png': red },
      data: { size: [100_000, 100_000] },
      message: '@: 2 pictures of 100000x100000 take 60000000000 bytes, the most is 3758096384; set a smaller data.size',
    }),
  });
});

describe('csv: refused is', () => {
  const table = 'a,b,kind\n1,2,x\n3,4,y\n';
  const csv = (text: string, message: string, data: Record<string, unknown> = {}): Case => ({
    files: { 'table.csv': text },
    data: { path: '@/table.csv', ...data },
    message,
  });
  checkAll('csv', {
    'a file that does not exist': () => csv(table, "data.path: '@/other.csv' does not exist", { path: '@/other.csv' }),
    'a folder': () => csv(table, "data.path: '@' is a folder, a file belongs there", { path: '@' }),
    'an empty file': () => csv('', '@/table.csv: has no rows'),
    'a header alone': () => csv('a,b,kind\n', '@/table.csv: has no rows'),
    'a single column': () => csv('a\n1\n', '@/table.csv: has one column, at least a feature and a label are needed'),
    'semicolons for commas': () =>
      csv(
        'a;b;kind\n1;2;x\n',
        "@/table.csv: has one column, at least a feature and a label are needed; cells are separated by commas, not by ';'",
      ),
    'a row with too few cells': () => csv(`${table}5,x\n`, '@/table.csv:4: has 2 cells, the first line 3'),
    'a row with too many cells': () => csv(`${table}5,6,7,x\n`, '@/table.csv:4: has 4 cells, the first line 3'),
    'an empty line in between': () => csv('a,b,kind\n1,2,x\n\n3,4,y\n', '@/table.csv:3: has 1 cell, the first line 3'),
    'a cell that is no number': () =>
      csv(
        `${table}5,n/a,x\n`,
        "@/table.csv:4: column 2 (b) is 'n/a', a number belongs there; text is data.columns: { b: category }",
      ),
    'an empty cell': () =>
      csv(
        `${table}5,,x\n`,
        "@/table.csv:4: column 2 (b) is '', a number belongs there; data.missing: { b: median } would put one there",
      ),
    'a number beyond float32': () =>
      csv(`${table}1e39,1,x\n`, "@/table.csv:4: column 1 (a) is '1e39', a number belongs there"),
    'not a number, said so': () =>
      csv(
        `${table}NaN,1,x\n`,
        "@/table.csv:4: column 1 (a) is 'NaN', a number belongs there; data.missing: { a: median } would put one there",
      ),
    'an empty label': () => csv(`${table}5,6,\n`, '@/table.csv:4: column 3 (kind) is empty, a class belongs there'),
    'a label column that is not there': () =>
      csv(table, "data.label: 'species' is no column of @/table.csv; its columns are a, b, kind", { label: 'species' }),
    'a label column by name where columns have none': () =>
      csv(
        '1,2,x\n3,4,y\n',
        "data.label: 'kind' is no column of @/table.csv; with data.header: false columns have no names, but numbers from 1 to 3",
        {
          label: 'kind',
          header: false,
        },
      ),
    'numbers where the names of columns belong': () =>
      csv('1,2,0\n3,4,1\n', "@/table.csv:1: '1,2,0' is a row of numbers, no names of columns; set data.header: false"),
    'names of columns where numbers belong': () =>
      csv(
        table,
        "@/table.csv:1: column 1 is 'a', a number belongs there; where the first line names the columns, set data.header: true",
        { header: false },
      ),
    'two columns of one name': () => csv('a,a,kind\n1,2,x\n', "@/table.csv:1: two columns are called 'a'"),
    'a test file with columns in another order': () => ({
      files: { 'table.csv': table, 'test.csv': 'b,a,kind\n1,2,x\n' },
      data: { path: '@/table.csv', test: '@/test.csv' },
      message: "@/test.csv:1: column 1 is called 'b', in @/table.csv 'a'; they must be in one order",
    }),
    'a gz file that unpacks to nothing but one byte': () => ({
      files: { 'table.csv.gz': gzipSync(Buffer.alloc(2 ** 27)) },
      data: { path: '@/table.csv.gz' },
      message: '@/table.csv.gz: unpacks to more than the 67108864 bytes that 130478 bytes of data may hold',
    }),
    'one class alone': () =>
      csv('a,kind\n1,x\n2,x\n', "@/table.csv: every row has label 'x', at least two classes are needed"),
    'a shape that does not fit': () =>
      csv(table, 'data.shape: [2,2,1] has 4 values, @/table.csv has 2 features', { shape: [2, 2, 1] }),
    'a label that is no number, for regression': () => ({
      ...csv(table, "@/table.csv:2: column 3 (kind) is 'x', a number belongs there", { regression: true }),
      rest: { loss: 'meanSquaredError' },
    }),
    'a class that only the test file has': () => ({
      files: { 'table.csv': table, 'test.csv': 'a,b,kind\n1,2,x\n3,4,z\n' },
      data: { path: '@/table.csv', test: '@/test.csv' },
      message: "@/test.csv:3: class 'z' does not occur in the training data",
    }),
    'a test file with other columns': () => ({
      files: { 'table.csv': table, 'test.csv': 'a,kind\n1,x\n' },
      data: { path: '@/table.csv', test: '@/test.csv' },
      message: '@/test.csv: has 1 features, @/table.csv has 2',
    }),
    'a validation file that does not exist': () =>
      csv(table, "data.validation: '@/none.csv' does not exist", { validation: '@/none.csv' }),
    'a test split that leaves nothing': () =>
      csv(table, 'data: 1 for validation and 1 for test leave nothing of 2 samples to train on', {
        test: 0.5,
        validation: 1,
      }),
    'a gz file that is torn': () => ({
      files: { 'table.csv.gz': gzipSync(table).subarray(0, 20) },
      data: { path: '@/table.csv.gz' },
      message: '@/table.csv.gz: cannot be unpacked: unexpected end of file',
    }),
    'augmentation of what is no image': () => ({
      ...csv(table, 'augment[0].flip: is for images [height, width, channels], a sample is [2]'),
      rest: { augment: [{ flip: 'horizontal' }] },
      code: 'usage',
    }),
  });
});
