// Original file: polyak/v1/parameter_server.proto


export interface Failed {
  'message'?: (string);
  'memoryTaken'?: (boolean);
  'code'?: (string);
}

export interface Failed__Output {
  'message': (string);
  'memoryTaken': (boolean);
  'code': (string);
}
