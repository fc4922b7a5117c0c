// Original file: polyak/v1/coordinator.proto

import type { TrialLogLine as _polyak_v1_TrialLogLine, TrialLogLine__Output as _polyak_v1_TrialLogLine__Output } from '../../polyak/v1/TrialLogLine.js';

export interface LogBatch {
  'lines'?: (_polyak_v1_TrialLogLine)[];
}

export interface LogBatch__Output {
  'lines': (_polyak_v1_TrialLogLine__Output)[];
}
