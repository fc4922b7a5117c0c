/** The public data sets that `polyak data` knows: their files, where they come from, and how they are recognised. */

export interface DataFile {
  name: string;
  /** SHA-256 of the file itself, or of what is inside a `.gz`: the same content is about, compressed in several ways. */
  checksum: { of: 'file' | 'content'; sha256: string };
}

export interface DataSet {
  /** Ends with a slash. */
  url: string;
  /** Of `data.source` in an experiment. */
  source: 'idx' | 'cifar10';
  files: DataFile[];
  /** Files that an archive must have brought, with their sizes in bytes. */
  unpacked: Record<string, number>;
  licence: string;
}

function idxFiles(contents: Record<string, string>): DataFile[] {
  return Object.entries(contents).map(([name, sha256]) => ({
    name: `${name}-ubyte.gz`,
    checksum: { of: 'content', sha256 },
  }));
}

const cifar10Batches = ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5', 'test_batch'];

export const dataSets = {
  'fashion-mnist': {
    url: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    source: 'idx',
    files: idxFiles({
      'train-images-idx3': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
      'train-labels-idx1': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
      't10k-images-idx3': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
      't10k-labels-idx1': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
    }),
    unpacked: {},
    licence: 'MIT (Zalando)',
  },
  mnist: {
    // The copy that torchvision uses; the authors' own server no longer gives it out.
    url: 'https://ossci-datasets.s3.amazonaws.com/mnist/',
    source: 'idx',
    files: idxFiles({
      'train-images-idx3': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
      'train-labels-idx1': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
      't10k-images-idx3': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
      't10k-labels-idx1': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    }),
    unpacked: {},
    licence: 'usually cited as CC BY-SA 3.0',
  },
  cifar10: {
    url: 'https://www.cs.toronto.edu/~kriz/',
    source: 'cifar10',
    files: [
      {
        name: 'cifar-10-binary.tar.gz',
        checksum: { of: 'file', sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd' },
      },
    ],
    unpacked: Object.fromEntries(cifar10Batches.map((name) => [`${name}.bin`, 30_730_000])),
    licence: 'none stated',
  },
} satisfies Record<string, DataSet>;

export type DataSetName = keyof typeof dataSets;
export const dataSetNames = Object.keys(dataSets) as DataSetName[];
