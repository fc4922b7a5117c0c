// Original file: polyak/v1/parameter_server.proto


export interface Begun {
  'step'?: (number);
}

export interface Begun__Output {
  'step': (number);
}
