// Original file: polyak/v1/coordinator.proto


export interface Discard {
  'directory'?: (string);
}

export interface Discard__Output {
  'directory': (string);
}
