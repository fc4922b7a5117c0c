// Original file: polyak/v1/coordinator.proto

import type { WorkVerdict as _polyak_v1_WorkVerdict, WorkVerdict__Output as _polyak_v1_WorkVerdict__Output } from '../../polyak/v1/WorkVerdict.js';

export interface WorkAck {
  'sequence'?: (number);
  'verdict'?: (_polyak_v1_WorkVerdict);
  'reason'?: (string);
}

export interface WorkAck__Output {
  'sequence': (number);
  'verdict': (_polyak_v1_WorkVerdict__Output);
  'reason': (string);
}
