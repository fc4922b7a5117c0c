// Original file: polyak/v1/coordinator.proto


export interface Replaced {
  'message'?: (string);
}

export interface Replaced__Output {
  'message': (string);
}
