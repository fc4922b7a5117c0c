// Original file: polyak/v1/parameter_server.proto

import type { TrustRatio as _polyak_v1_TrustRatio, TrustRatio__Output as _polyak_v1_TrustRatio__Output } from '../../polyak/v1/TrustRatio.js';

export interface Scale {
  'step'?: (number);
  'factor'?: (number | string);
  'trust'?: (_polyak_v1_TrustRatio)[];
}

export interface Scale__Output {
  'step': (number);
  'factor': (number);
  'trust': (_polyak_v1_TrustRatio__Output)[];
}
