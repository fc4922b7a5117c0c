// Original file: polyak/v1/parameter_server.proto


export interface Cut {
  'step'?: (number);
}

export interface Cut__Output {
  'step': (number);
}
