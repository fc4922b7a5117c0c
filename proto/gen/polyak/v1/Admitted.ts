// Original file: polyak/v1/parameter_server.proto


export interface Admitted {
  'incarnation'?: (number);
  'shards'?: (string)[];
  'chunkFloats'?: (number);
  'hasPreprocess'?: (boolean);
}

export interface Admitted__Output {
  'incarnation': (number);
  'shards': (string)[];
  'chunkFloats': (number);
  'hasPreprocess': (boolean);
}
