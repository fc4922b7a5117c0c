// Original file: polyak/v1/parameter_server.proto


export interface DataFacts {
  'trainCount'?: (number);
  'validationCount'?: (number);
  'testCount'?: (number);
  'features'?: (number);
  'shape'?: (number)[];
  'classes'?: (string)[];
  'encoding'?: (string);
}

export interface DataFacts__Output {
  'trainCount': (number);
  'validationCount': (number);
  'testCount': (number);
  'features': (number);
  'shape': (number)[];
  'classes': (string)[];
  'encoding': (string);
}
