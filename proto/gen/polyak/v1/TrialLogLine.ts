// Original file: polyak/v1/coordinator.proto


export interface TrialLogLine {
  'trialKey'?: (Buffer | Uint8Array | string);
  'text'?: (string);
}

export interface TrialLogLine__Output {
  'trialKey': (Buffer);
  'text': (string);
}
