// Original file: polyak/v1/coordinator.proto


// Original file: polyak/v1/coordinator.proto

export const _polyak_v1_TrialReport_Kind = {
  PROGRESS: 'PROGRESS',
  EPOCH: 'EPOCH',
  END: 'END',
  NOTICE: 'NOTICE',
  PAUSED: 'PAUSED',
} as const;

export type _polyak_v1_TrialReport_Kind =
  | 'PROGRESS'
  | 0
  | 'EPOCH'
  | 1
  | 'END'
  | 2
  | 'NOTICE'
  | 3
  | 'PAUSED'
  | 4

export type _polyak_v1_TrialReport_Kind__Output = typeof _polyak_v1_TrialReport_Kind[keyof typeof _polyak_v1_TrialReport_Kind]

export interface TrialReport {
  'trialKey'?: (Buffer | Uint8Array | string);
  'kind'?: (_polyak_v1_TrialReport_Kind);
  'step'?: (number);
  'body'?: (string);
  'leadEpoch'?: (number);
}

export interface TrialReport__Output {
  'trialKey': (Buffer);
  'kind': (_polyak_v1_TrialReport_Kind__Output);
  'step': (number);
  'body': (string);
  'leadEpoch': (number);
}
