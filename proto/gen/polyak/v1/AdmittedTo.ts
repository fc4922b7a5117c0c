// Original file: polyak/v1/coordinator.proto


export interface AdmittedTo {
  'trialKey'?: (Buffer | Uint8Array | string);
}

export interface AdmittedTo__Output {
  'trialKey': (Buffer);
}
