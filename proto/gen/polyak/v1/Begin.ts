// Original file: polyak/v1/parameter_server.proto

import type { DataFacts as _polyak_v1_DataFacts, DataFacts__Output as _polyak_v1_DataFacts__Output } from '../../polyak/v1/DataFacts.js';

export interface Begin {
  'trialKey'?: (Buffer | Uint8Array | string);
  'incarnation'?: (number);
  'shard'?: (number);
  'shards'?: (number);
  'experiment'?: (string);
  'manifest'?: (string);
  'checkpoint'?: (string);
  'directory'?: (string);
  'data'?: (_polyak_v1_DataFacts | null);
  'untilStep'?: (number);
  'leadEpoch'?: (number);
  'rateFactor'?: (number | string);
  'version'?: (string);
  'arithmetic'?: (number);
}

export interface Begin__Output {
  'trialKey': (Buffer);
  'incarnation': (number);
  'shard': (number);
  'shards': (number);
  'experiment': (string);
  'manifest': (string);
  'checkpoint': (string);
  'directory': (string);
  'data': (_polyak_v1_DataFacts__Output | null);
  'untilStep': (number);
  'leadEpoch': (number);
  'rateFactor': (number);
  'version': (string);
  'arithmetic': (number);
}
