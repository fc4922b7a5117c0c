// Original file: polyak/v1/coordinator.proto


export interface StopTrial {
  'trialKey'?: (Buffer | Uint8Array | string);
}

export interface StopTrial__Output {
  'trialKey': (Buffer);
}
