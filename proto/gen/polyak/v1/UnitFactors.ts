// Original file: polyak/v1/parameter_server.proto


export interface UnitFactors {
  'step'?: (number);
  'tensor'?: (number);
  'factors'?: (number | string)[];
}

export interface UnitFactors__Output {
  'step': (number);
  'tensor': (number);
  'factors': (number)[];
}
