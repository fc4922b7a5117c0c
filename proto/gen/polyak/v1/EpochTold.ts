// Original file: polyak/v1/coordinator.proto


export interface EpochTold {
  'epoch'?: (number);
  'value'?: (number | string);
  'loss'?: (number | string);
  '_value'?: "value";
  '_loss'?: "loss";
}

export interface EpochTold__Output {
  'epoch': (number);
  'value'?: (number);
  'loss'?: (number);
  '_value'?: "value";
  '_loss'?: "loss";
}
