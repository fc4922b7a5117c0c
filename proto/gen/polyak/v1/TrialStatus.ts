// Original file: polyak/v1/coordinator.proto


export interface TrialStatus {
  'trialKey'?: (Buffer | Uint8Array | string);
  'state'?: (string);
  'directory'?: (string);
  'untilStep'?: (number);
  'shards'?: (number);
}

export interface TrialStatus__Output {
  'trialKey': (Buffer);
  'state': (string);
  'directory': (string);
  'untilStep': (number);
  'shards': (number);
}
