// Original file: polyak/v1/parameter_server.proto


export interface GiveUp {
  'step'?: (number);
}

export interface GiveUp__Output {
  'step': (number);
}
