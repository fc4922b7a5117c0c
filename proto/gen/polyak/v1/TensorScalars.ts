// Original file: polyak/v1/parameter_server.proto


export interface TensorScalars {
  'chunk'?: (number);
  'tensor'?: (number);
  'weightSquares'?: (number | string);
  'updateSquares'?: (number | string);
}

export interface TensorScalars__Output {
  'chunk': (number);
  'tensor': (number);
  'weightSquares': (number);
  'updateSquares': (number);
}
