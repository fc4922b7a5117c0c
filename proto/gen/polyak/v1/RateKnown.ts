// Original file: polyak/v1/parameter_server.proto


export interface RateKnown {
  'step'?: (number);
}

export interface RateKnown__Output {
  'step': (number);
}
