// Original file: polyak/v1/coordinator.proto

import type { EpochTold as _polyak_v1_EpochTold, EpochTold__Output as _polyak_v1_EpochTold__Output } from '../../polyak/v1/EpochTold.js';

export interface WorkEnd {
  'trial'?: (number);
  'attempt'?: (string);
  'failure'?: (string);
  'mayPass'?: (boolean);
  'last'?: (_polyak_v1_EpochTold | null);
  '_failure'?: "failure";
  '_last'?: "last";
}

export interface WorkEnd__Output {
  'trial': (number);
  'attempt': (string);
  'failure'?: (string);
  'mayPass': (boolean);
  'last'?: (_polyak_v1_EpochTold__Output | null);
  '_failure'?: "failure";
  '_last'?: "last";
}
