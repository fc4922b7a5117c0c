// Original file: polyak/v1/parameter_server.proto


export interface Ended {
  'state'?: (string);
}

export interface Ended__Output {
  'state': (string);
}
