// Original file: polyak/v1/parameter_server.proto


export interface Combination {
  'out'?: (number);
  'vectors'?: (number)[];
  'coefficients'?: (number | string)[];
}

export interface Combination__Output {
  'out': (number);
  'vectors': (number)[];
  'coefficients': (number)[];
}
