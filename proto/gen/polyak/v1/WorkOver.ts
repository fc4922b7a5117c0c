// Original file: polyak/v1/coordinator.proto


export interface WorkOver {
  'state'?: (string);
  'reason'?: (string);
}

export interface WorkOver__Output {
  'state': (string);
  'reason': (string);
}
