// Original file: polyak/v1/parameter_server.proto

import type { Long } from '@grpc/proto-loader';

export interface Void {
  'lease'?: (number | string | Long);
}

export interface Void__Output {
  'lease': (number);
}
