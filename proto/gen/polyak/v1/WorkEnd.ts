// Original file: polyak/v1/coordinator.proto


export interface WorkEnd {
  'trial'?: (number);
  'attempt'?: (string);
  'failure'?: (string);
  'mayPass'?: (boolean);
  '_failure'?: "failure";
}

export interface WorkEnd__Output {
  'trial': (number);
  'attempt': (string);
  'failure'?: (string);
  'mayPass': (boolean);
  '_failure'?: "failure";
}
