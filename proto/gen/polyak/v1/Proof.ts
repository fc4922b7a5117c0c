// Original file: polyak/v1/parameter_server.proto

import type { DataFacts as _polyak_v1_DataFacts, DataFacts__Output as _polyak_v1_DataFacts__Output } from '../../polyak/v1/DataFacts.js';

export interface Proof {
  'fingerprint'?: ({[key: string]: string});
  'gradientSha256'?: (string);
  'manifest'?: (string);
  'data'?: (_polyak_v1_DataFacts | null);
  'warnings'?: (string)[];
}

export interface Proof__Output {
  'fingerprint': ({[key: string]: string});
  'gradientSha256': (string);
  'manifest': (string);
  'data': (_polyak_v1_DataFacts__Output | null);
  'warnings': (string)[];
}
