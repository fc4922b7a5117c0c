// Original file: polyak/v1/coordinator.proto


export interface WorkTrial {
  'trial'?: (number);
  'attempt'?: (string);
  'parameters'?: (string);
  'epoch'?: (number);
  'untilEpoch'?: (number);
}

export interface WorkTrial__Output {
  'trial': (number);
  'attempt': (string);
  'parameters': (string);
  'epoch': (number);
  'untilEpoch': (number);
}
