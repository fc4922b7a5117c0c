// Original file: polyak/v1/parameter_server.proto

import type { Combination as _polyak_v1_Combination, Combination__Output as _polyak_v1_Combination__Output } from '../../polyak/v1/Combination.js';

export interface Combine {
  'step'?: (number);
  'part'?: (number);
  'combinations'?: (_polyak_v1_Combination)[];
  'written'?: (Buffer | Uint8Array | string);
  'products'?: (number)[];
  'read'?: (number)[];
  'last'?: (boolean);
  'kept'?: (boolean);
}

export interface Combine__Output {
  'step': (number);
  'part': (number);
  'combinations': (_polyak_v1_Combination__Output)[];
  'written': (Buffer);
  'products': (number)[];
  'read': (number)[];
  'last': (boolean);
  'kept': (boolean);
}
