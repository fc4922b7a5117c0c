// Original file: polyak/v1/parameter_server.proto

import type { Vector as _polyak_v1_Vector, Vector__Output as _polyak_v1_Vector__Output } from '../../polyak/v1/Vector.js';

export interface WeightsRequest {
  'trialKey'?: (Buffer | Uint8Array | string);
  'incarnation'?: (number);
  'vector'?: (_polyak_v1_Vector);
  'credit'?: (number);
  'subscribe'?: (boolean);
}

export interface WeightsRequest__Output {
  'trialKey': (Buffer);
  'incarnation': (number);
  'vector': (_polyak_v1_Vector__Output);
  'credit': (number);
  'subscribe': (boolean);
}
