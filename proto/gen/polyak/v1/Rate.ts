// Original file: polyak/v1/parameter_server.proto


export interface Rate {
  'step'?: (number);
  'factor'?: (number | string);
}

export interface Rate__Output {
  'step': (number);
  'factor': (number);
}
