// Original file: polyak/v1/parameter_server.proto


export interface PreparationFailed {
  'code'?: (string);
  'message'?: (string);
}

export interface PreparationFailed__Output {
  'code': (string);
  'message': (string);
}
