// Original file: polyak/v1/coordinator.proto


export interface SubmitReply {
  'trialKey'?: (Buffer | Uint8Array | string);
}

export interface SubmitReply__Output {
  'trialKey': (Buffer);
}
