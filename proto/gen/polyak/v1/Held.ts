// Original file: polyak/v1/parameter_server.proto


export interface Held {
  'step'?: (number);
  'firstLeaf'?: (number);
  'leaves'?: (number);
}

export interface Held__Output {
  'step': (number);
  'firstLeaf': (number);
  'leaves': (number);
}
