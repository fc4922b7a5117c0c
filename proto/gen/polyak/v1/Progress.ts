// Original file: polyak/v1/parameter_server.proto

import type { Long } from '@grpc/proto-loader';

export interface Progress {
  'lease'?: (number | string | Long);
  'leavesDone'?: (number);
  'secondsPerLeaf'?: (number | string);
}

export interface Progress__Output {
  'lease': (number);
  'leavesDone': (number);
  'secondsPerLeaf': (number);
}
