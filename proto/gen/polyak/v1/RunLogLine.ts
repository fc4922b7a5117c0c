// Original file: polyak/v1/coordinator.proto


export interface RunLogLine {
  'body'?: (string);
}

export interface RunLogLine__Output {
  'body': (string);
}
