// Original file: polyak/v1/parameter_server.proto

import type { Long } from '@grpc/proto-loader';

export interface LeaseFailed {
  'lease'?: (number | string | Long);
  'message'?: (string);
}

export interface LeaseFailed__Output {
  'lease': (number);
  'message': (string);
}
