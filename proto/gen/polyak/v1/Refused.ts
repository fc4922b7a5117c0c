// Original file: polyak/v1/parameter_server.proto


export interface Refused {
  'message'?: (string);
}

export interface Refused__Output {
  'message': (string);
}
