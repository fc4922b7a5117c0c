// Original file: polyak/v1/parameter_server.proto

import type { TensorScalars as _polyak_v1_TensorScalars, TensorScalars__Output as _polyak_v1_TensorScalars__Output } from '../../polyak/v1/TensorScalars.js';

export interface Scalars {
  'step'?: (number);
  'chunks'?: (number)[];
  'gradientSquares'?: (number | string)[];
  'weightSquares'?: (number | string)[];
  'weightAbsolutes'?: (number | string)[];
  'tensors'?: (_polyak_v1_TensorScalars)[];
}

export interface Scalars__Output {
  'step': (number);
  'chunks': (number)[];
  'gradientSquares': (number)[];
  'weightSquares': (number)[];
  'weightAbsolutes': (number)[];
  'tensors': (_polyak_v1_TensorScalars__Output)[];
}
