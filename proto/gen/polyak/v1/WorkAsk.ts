// Original file: polyak/v1/coordinator.proto


export interface WorkAsk {
  'trials'?: (number);
}

export interface WorkAsk__Output {
  'trials': (number);
}
