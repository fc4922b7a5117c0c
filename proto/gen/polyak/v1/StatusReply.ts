// Original file: polyak/v1/coordinator.proto

import type { TrialStatus as _polyak_v1_TrialStatus, TrialStatus__Output as _polyak_v1_TrialStatus__Output } from '../../polyak/v1/TrialStatus.js';
import type { ProcessStatus as _polyak_v1_ProcessStatus, ProcessStatus__Output as _polyak_v1_ProcessStatus__Output } from '../../polyak/v1/ProcessStatus.js';

export interface StatusReply {
  'trials'?: (_polyak_v1_TrialStatus)[];
  'processes'?: (_polyak_v1_ProcessStatus)[];
  'sweeps'?: (string)[];
}

export interface StatusReply__Output {
  'trials': (_polyak_v1_TrialStatus__Output)[];
  'processes': (_polyak_v1_ProcessStatus__Output)[];
  'sweeps': (string)[];
}
