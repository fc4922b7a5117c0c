// Original file: polyak/v1/coordinator.proto


export interface SubmitRequest {
  'experiment'?: (string);
  'directory'?: (string);
  'untilStep'?: (number);
  'shards'?: (number);
  'trialKey'?: (Buffer | Uint8Array | string);
}

export interface SubmitRequest__Output {
  'experiment': (string);
  'directory': (string);
  'untilStep': (number);
  'shards': (number);
  'trialKey': (Buffer);
}
