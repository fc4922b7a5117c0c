// Original file: polyak/v1/parameter_server.proto


export interface Failed {
  'message'?: (string);
}

export interface Failed__Output {
  'message': (string);
}
