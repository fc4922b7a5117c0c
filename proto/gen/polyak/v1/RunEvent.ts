// Original file: polyak/v1/coordinator.proto


export interface RunEvent {
  'body'?: (string);
}

export interface RunEvent__Output {
  'body': (string);
}
