// Original file: polyak/v1/parameter_server.proto


export interface Reached {
  'step'?: (number);
}

export interface Reached__Output {
  'step': (number);
}
