// Original file: polyak/v1/parameter_server.proto


export interface Scale {
  'step'?: (number);
  'factor'?: (number | string);
}

export interface Scale__Output {
  'step': (number);
  'factor': (number);
}
