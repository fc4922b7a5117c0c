// Original file: polyak/v1/parameter_server.proto


export interface Refused {
  'message'?: (string);
  'byFingerprint'?: (boolean);
}

export interface Refused__Output {
  'message': (string);
  'byFingerprint': (boolean);
}
