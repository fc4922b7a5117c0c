// Original file: polyak/v1/parameter_server.proto

import type { Long } from '@grpc/proto-loader';

export interface DataFile {
  'name'?: (string);
  'files'?: (number);
  'bytes'?: (number | string | Long);
  'sha256'?: (string);
}

export interface DataFile__Output {
  'name': (string);
  'files': (number);
  'bytes': (number);
  'sha256': (string);
}
