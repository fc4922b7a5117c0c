// Original file: polyak/v1/coordinator.proto


export interface Beat {
  'waiting'?: (number | string);
}

export interface Beat__Output {
  'waiting': (number);
}
