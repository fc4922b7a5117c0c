// Original file: polyak/v1/coordinator.proto


export interface Lead {
  'trialKey'?: (Buffer | Uint8Array | string);
  'experiment'?: (string);
  'shards'?: (string)[];
  'directory'?: (string);
  'coordinatorEpoch'?: (number);
  'untilStep'?: (number);
  'leadEpoch'?: (number);
  'untilEpoch'?: (number);
  'checkpointStep'?: (number);
  'hasFolder'?: (boolean);
}

export interface Lead__Output {
  'trialKey': (Buffer);
  'experiment': (string);
  'shards': (string)[];
  'directory': (string);
  'coordinatorEpoch': (number);
  'untilStep': (number);
  'leadEpoch': (number);
  'untilEpoch': (number);
  'checkpointStep': (number);
  'hasFolder': (boolean);
}
