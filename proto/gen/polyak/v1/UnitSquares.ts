// Original file: polyak/v1/parameter_server.proto


export interface UnitSquares {
  'step'?: (number);
  'tensor'?: (number);
  'chunk'?: (number);
  'squares'?: (number | string)[];
}

export interface UnitSquares__Output {
  'step': (number);
  'tensor': (number);
  'chunk': (number);
  'squares': (number)[];
}
