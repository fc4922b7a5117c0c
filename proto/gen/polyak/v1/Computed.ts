// Original file: polyak/v1/parameter_server.proto

import type { Long } from '@grpc/proto-loader';

export interface Computed {
  'lease'?: (number | string | Long);
  'firstLeaf'?: (number);
  'leaves'?: (number);
  'lossSum'?: (number | string);
  'metricSums'?: (number | string)[];
  'samples'?: (number);
  'badTensor'?: (string);
  'badTensorIndex'?: (number);
}

export interface Computed__Output {
  'lease': (number);
  'firstLeaf': (number);
  'leaves': (number);
  'lossSum': (number);
  'metricSums': (number)[];
  'samples': (number);
  'badTensor': (string);
  'badTensorIndex': (number);
}
