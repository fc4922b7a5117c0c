// Original file: polyak/v1/coordinator.proto


export interface ListTrialsReply {
  'trials'?: (string)[];
  'total'?: (number);
}

export interface ListTrialsReply__Output {
  'trials': (string)[];
  'total': (number);
}
