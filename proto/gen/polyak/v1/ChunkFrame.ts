// Original file: polyak/v1/parameter_server.proto

import type { Vector as _polyak_v1_Vector, Vector__Output as _polyak_v1_Vector__Output } from '../../polyak/v1/Vector.js';

export interface ChunkFrame {
  'trialKey'?: (Buffer | Uint8Array | string);
  'incarnation'?: (number);
  'vector'?: (_polyak_v1_Vector);
  'step'?: (number);
  'chunk'?: (number);
  'firstLeaf'?: (number);
  'leaves'?: (number);
  'checksum'?: (number);
  'data'?: (Buffer | Uint8Array | string);
}

export interface ChunkFrame__Output {
  'trialKey': (Buffer);
  'incarnation': (number);
  'vector': (_polyak_v1_Vector__Output);
  'step': (number);
  'chunk': (number);
  'firstLeaf': (number);
  'leaves': (number);
  'checksum': (number);
  'data': (Buffer);
}
