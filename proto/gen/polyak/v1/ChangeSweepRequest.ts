// Original file: polyak/v1/coordinator.proto


// Original file: polyak/v1/coordinator.proto

export const _polyak_v1_ChangeSweepRequest_Action = {
  PAUSE: 'PAUSE',
  RESUME: 'RESUME',
  STOP: 'STOP',
  SET: 'SET',
  RETRY: 'RETRY',
} as const;

export type _polyak_v1_ChangeSweepRequest_Action =
  | 'PAUSE'
  | 0
  | 'RESUME'
  | 1
  | 'STOP'
  | 2
  | 'SET'
  | 3
  | 'RETRY'
  | 4

export type _polyak_v1_ChangeSweepRequest_Action__Output = typeof _polyak_v1_ChangeSweepRequest_Action[keyof typeof _polyak_v1_ChangeSweepRequest_Action]

export interface ChangeSweepRequest {
  'sweepKey'?: (Buffer | Uint8Array | string);
  'action'?: (_polyak_v1_ChangeSweepRequest_Action);
  'settings'?: (string);
  'trial'?: (number);
}

export interface ChangeSweepRequest__Output {
  'sweepKey': (Buffer);
  'action': (_polyak_v1_ChangeSweepRequest_Action__Output);
  'settings': (string);
  'trial': (number);
}
