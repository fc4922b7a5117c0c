// Original file: polyak/v1/coordinator.proto


export interface ChangeSweepReply {
  'sweep'?: (string);
}

export interface ChangeSweepReply__Output {
  'sweep': (string);
}
