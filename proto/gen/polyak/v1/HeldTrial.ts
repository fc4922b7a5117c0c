// Original file: polyak/v1/coordinator.proto


export interface HeldTrial {
  'trial'?: (number);
  'attempt'?: (string);
}

export interface HeldTrial__Output {
  'trial': (number);
  'attempt': (string);
}
