// Original file: polyak/v1/parameter_server.proto


export interface CutDelayed {
  'step'?: (number);
  'message'?: (string);
}

export interface CutDelayed__Output {
  'step': (number);
  'message': (string);
}
