// Original file: polyak/v1/coordinator.proto


export interface WorkReport {
  'trial'?: (number);
  'attempt'?: (string);
  'epoch'?: (number);
  'value'?: (number | string);
  'loss'?: (number | string);
  '_value'?: "value";
  '_loss'?: "loss";
}

export interface WorkReport__Output {
  'trial': (number);
  'attempt': (string);
  'epoch': (number);
  'value'?: (number);
  'loss'?: (number);
  '_value'?: "value";
  '_loss'?: "loss";
}
