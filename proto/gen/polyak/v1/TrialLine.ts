// Original file: polyak/v1/coordinator.proto


export interface TrialLine {
  'body'?: (string);
}

export interface TrialLine__Output {
  'body': (string);
}
