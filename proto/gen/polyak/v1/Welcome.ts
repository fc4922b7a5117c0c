// Original file: polyak/v1/coordinator.proto


export interface Welcome {
  'coordinatorEpoch'?: (number);
  'shardEpoch'?: (number);
  'version'?: (string);
}

export interface Welcome__Output {
  'coordinatorEpoch': (number);
  'shardEpoch': (number);
  'version': (string);
}
