// Original file: polyak/v1/coordinator.proto

import type { HeldTrial as _polyak_v1_HeldTrial, HeldTrial__Output as _polyak_v1_HeldTrial__Output } from '../../polyak/v1/HeldTrial.js';

export interface WorkOpen {
  'sweepKey'?: (Buffer | Uint8Array | string);
  'client'?: (string);
  'held'?: (_polyak_v1_HeldTrial)[];
  'trials'?: (number);
}

export interface WorkOpen__Output {
  'sweepKey': (Buffer);
  'client': (string);
  'held': (_polyak_v1_HeldTrial__Output)[];
  'trials': (number);
}
