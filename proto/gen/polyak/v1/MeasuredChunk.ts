// Original file: polyak/v1/parameter_server.proto


export interface MeasuredChunk {
  'chunk'?: (number);
  'products'?: (number | string)[];
  'read'?: (Buffer | Uint8Array | string);
}

export interface MeasuredChunk__Output {
  'chunk': (number);
  'products': (number)[];
  'read': (Buffer);
}
