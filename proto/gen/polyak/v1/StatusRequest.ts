// Original file: polyak/v1/coordinator.proto


export interface StatusRequest {
  'sweepKey'?: (Buffer | Uint8Array | string);
}

export interface StatusRequest__Output {
  'sweepKey': (Buffer);
}
