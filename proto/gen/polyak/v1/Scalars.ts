// Original file: polyak/v1/parameter_server.proto


export interface Scalars {
  'step'?: (number);
  'chunks'?: (number)[];
  'gradientSquares'?: (number | string)[];
  'weightSquares'?: (number | string)[];
  'weightAbsolutes'?: (number | string)[];
}

export interface Scalars__Output {
  'step': (number);
  'chunks': (number)[];
  'gradientSquares': (number)[];
  'weightSquares': (number)[];
  'weightAbsolutes': (number)[];
}
