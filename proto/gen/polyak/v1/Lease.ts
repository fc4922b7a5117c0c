// Original file: polyak/v1/parameter_server.proto

import type { LeaseKind as _polyak_v1_LeaseKind, LeaseKind__Output as _polyak_v1_LeaseKind__Output } from '../../polyak/v1/LeaseKind.js';
import type { Split as _polyak_v1_Split, Split__Output as _polyak_v1_Split__Output } from '../../polyak/v1/Split.js';
import type { Vector as _polyak_v1_Vector, Vector__Output as _polyak_v1_Vector__Output } from '../../polyak/v1/Vector.js';
import type { Long } from '@grpc/proto-loader';

export interface Lease {
  'id'?: (number | string | Long);
  'kind'?: (_polyak_v1_LeaseKind);
  'step'?: (number);
  'firstLeaf'?: (number);
  'endLeaf'?: (number);
  'split'?: (_polyak_v1_Split);
  'vector'?: (_polyak_v1_Vector);
  'incarnation'?: (number);
}

export interface Lease__Output {
  'id': (number);
  'kind': (_polyak_v1_LeaseKind__Output);
  'step': (number);
  'firstLeaf': (number);
  'endLeaf': (number);
  'split': (_polyak_v1_Split__Output);
  'vector': (_polyak_v1_Vector__Output);
  'incarnation': (number);
}
