// Original file: polyak/v1/parameter_server.proto


export interface TrustRatio {
  'tensor'?: (number);
  'ratio'?: (number | string);
}

export interface TrustRatio__Output {
  'tensor': (number);
  'ratio': (number);
}
