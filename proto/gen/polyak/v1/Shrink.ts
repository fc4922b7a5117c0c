// Original file: polyak/v1/parameter_server.proto

import type { Long } from '@grpc/proto-loader';

export interface Shrink {
  'lease'?: (number | string | Long);
  'endLeaf'?: (number);
}

export interface Shrink__Output {
  'lease': (number);
  'endLeaf': (number);
}
