// Original file: polyak/v1/parameter_server.proto


export interface Fenced {
  'message'?: (string);
}

export interface Fenced__Output {
  'message': (string);
}
