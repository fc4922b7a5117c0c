// Original file: polyak/v1/parameter_server.proto

export const Split = {
  TRAIN: 'TRAIN',
  VALIDATION: 'VALIDATION',
  TEST: 'TEST',
} as const;

export type Split =
  | 'TRAIN'
  | 0
  | 'VALIDATION'
  | 1
  | 'TEST'
  | 2

export type Split__Output = typeof Split[keyof typeof Split]
