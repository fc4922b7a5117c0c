// Original file: polyak/v1/parameter_server.proto


export interface CutPlanned {
  'step'?: (number);
}

export interface CutPlanned__Output {
  'step': (number);
}
