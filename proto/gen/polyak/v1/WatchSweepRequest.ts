// Original file: polyak/v1/coordinator.proto


export interface WatchSweepRequest {
  'sweepKey'?: (Buffer | Uint8Array | string);
  'from'?: (number);
}

export interface WatchSweepRequest__Output {
  'sweepKey': (Buffer);
  'from': (number);
}
