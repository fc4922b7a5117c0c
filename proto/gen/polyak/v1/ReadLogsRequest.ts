// Original file: polyak/v1/coordinator.proto

import type { Long } from '@grpc/proto-loader';

export interface ReadLogsRequest {
  'trialKey'?: (Buffer | Uint8Array | string);
  'after'?: (number | string | Long);
  'follow'?: (boolean);
}

export interface ReadLogsRequest__Output {
  'trialKey': (Buffer);
  'after': (number);
  'follow': (boolean);
}
