// Original file: polyak/v1/coordinator.proto


export interface Drop {
  'trialKey'?: (Buffer | Uint8Array | string);
}

export interface Drop__Output {
  'trialKey': (Buffer);
}
