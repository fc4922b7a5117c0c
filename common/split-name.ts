/** The splits of a data set, as every role and command names them. */
export type SplitName = 'train' | 'validation' | 'test';
