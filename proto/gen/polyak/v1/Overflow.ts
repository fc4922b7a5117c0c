// Original file: polyak/v1/parameter_server.proto


export interface Overflow {
  'step'?: (number);
  'tensor'?: (string);
  'tensorIndex'?: (number);
}

export interface Overflow__Output {
  'step': (number);
  'tensor': (string);
  'tensorIndex': (number);
}
