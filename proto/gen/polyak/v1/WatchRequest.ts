// Original file: polyak/v1/coordinator.proto


export interface WatchRequest {
  'trialKey'?: (Buffer | Uint8Array | string);
}

export interface WatchRequest__Output {
  'trialKey': (Buffer);
}
