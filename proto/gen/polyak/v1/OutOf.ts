// Original file: polyak/v1/coordinator.proto


export interface OutOf {
  'trialKey'?: (Buffer | Uint8Array | string);
  'reason'?: (string);
  'byFingerprint'?: (boolean);
}

export interface OutOf__Output {
  'trialKey': (Buffer);
  'reason': (string);
  'byFingerprint': (boolean);
}
