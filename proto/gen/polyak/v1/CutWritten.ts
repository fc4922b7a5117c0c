// Original file: polyak/v1/parameter_server.proto

import type { Long } from '@grpc/proto-loader';

export interface CutWritten {
  'step'?: (number);
  'file'?: (string);
  'bytes'?: (number | string | Long);
  'chunks'?: (number)[];
}

export interface CutWritten__Output {
  'step': (number);
  'file': (string);
  'bytes': (number);
  'chunks': (number)[];
}
