// Original file: polyak/v1/parameter_server.proto

import type { MeasuredChunk as _polyak_v1_MeasuredChunk, MeasuredChunk__Output as _polyak_v1_MeasuredChunk__Output } from '../../polyak/v1/MeasuredChunk.js';

export interface Measured {
  'step'?: (number);
  'part'?: (number);
  'chunks'?: (_polyak_v1_MeasuredChunk)[];
}

export interface Measured__Output {
  'step': (number);
  'part': (number);
  'chunks': (_polyak_v1_MeasuredChunk__Output)[];
}
