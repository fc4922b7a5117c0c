// Original file: polyak/v1/coordinator.proto


export interface Join {
  'trialKey'?: (Buffer | Uint8Array | string);
  'lead'?: (string);
}

export interface Join__Output {
  'trialKey': (Buffer);
  'lead': (string);
}
