// Original file: polyak/v1/parameter_server.proto

import type { DataFacts as _polyak_v1_DataFacts, DataFacts__Output as _polyak_v1_DataFacts__Output } from '../../polyak/v1/DataFacts.js';
import type { DataFile as _polyak_v1_DataFile, DataFile__Output as _polyak_v1_DataFile__Output } from '../../polyak/v1/DataFile.js';

export interface Proof {
  'fingerprint'?: ({[key: string]: string});
  'gradientSha256'?: (string);
  'manifest'?: (string);
  'data'?: (_polyak_v1_DataFacts | null);
  'files'?: (_polyak_v1_DataFile)[];
  'warnings'?: (string)[];
}

export interface Proof__Output {
  'fingerprint': ({[key: string]: string});
  'gradientSha256': (string);
  'manifest': (string);
  'data': (_polyak_v1_DataFacts__Output | null);
  'files': (_polyak_v1_DataFile__Output)[];
  'warnings': (string)[];
}
