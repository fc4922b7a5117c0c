// Original file: polyak/v1/coordinator.proto


export interface WorkOpened {
  'epochs'?: (number);
}

export interface WorkOpened__Output {
  'epochs': (number);
}
