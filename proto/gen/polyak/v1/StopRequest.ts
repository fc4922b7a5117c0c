// Original file: polyak/v1/coordinator.proto


export interface StopRequest {
  'trialKey'?: (Buffer | Uint8Array | string);
}

export interface StopRequest__Output {
  'trialKey': (Buffer);
}
