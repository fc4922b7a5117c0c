// Original file: polyak/v1/coordinator.proto

export const WorkVerdict = {
  GO_ON: 'GO_ON',
  OVER: 'OVER',
  PAUSED: 'PAUSED',
  HALTED: 'HALTED',
  FENCED: 'FENCED',
  REFUSED: 'REFUSED',
} as const;

export type WorkVerdict =
  | 'GO_ON'
  | 0
  | 'OVER'
  | 1
  | 'PAUSED'
  | 2
  | 'HALTED'
  | 3
  | 'FENCED'
  | 4
  | 'REFUSED'
  | 5

export type WorkVerdict__Output = typeof WorkVerdict[keyof typeof WorkVerdict]
