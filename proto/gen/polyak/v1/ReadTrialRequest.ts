// Original file: polyak/v1/coordinator.proto


export interface ReadTrialRequest {
  'sweepKey'?: (Buffer | Uint8Array | string);
  'trial'?: (number);
}

export interface ReadTrialRequest__Output {
  'sweepKey': (Buffer);
  'trial': (number);
}
