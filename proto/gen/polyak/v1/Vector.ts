// Original file: polyak/v1/parameter_server.proto

export const Vector = {
  WEIGHTS: 'WEIGHTS',
  AVERAGE: 'AVERAGE',
  PREPROCESS: 'PREPROCESS',
} as const;

export type Vector =
  | 'WEIGHTS'
  | 0
  | 'AVERAGE'
  | 1
  | 'PREPROCESS'
  | 2

export type Vector__Output = typeof Vector[keyof typeof Vector]
