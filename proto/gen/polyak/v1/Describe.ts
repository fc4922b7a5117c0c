// Original file: polyak/v1/parameter_server.proto


export interface Describe {
  'experiment'?: (string);
}

export interface Describe__Output {
  'experiment': (string);
}
