// Original file: polyak/v1/parameter_server.proto


export interface Fenced {
  'message'?: (string);
  'replaced'?: (boolean);
}

export interface Fenced__Output {
  'message': (string);
  'replaced': (boolean);
}
