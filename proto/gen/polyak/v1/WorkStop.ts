// Original file: polyak/v1/coordinator.proto

import type { WorkVerdict as _polyak_v1_WorkVerdict, WorkVerdict__Output as _polyak_v1_WorkVerdict__Output } from '../../polyak/v1/WorkVerdict.js';

export interface WorkStop {
  'trial'?: (number);
  'attempt'?: (string);
  'verdict'?: (_polyak_v1_WorkVerdict);
  'reason'?: (string);
}

export interface WorkStop__Output {
  'trial': (number);
  'attempt': (string);
  'verdict': (_polyak_v1_WorkVerdict__Output);
  'reason': (string);
}
