// Original file: polyak/v1/parameter_server.proto

export const LeaseKind = {
  GRADIENT: 'GRADIENT',
  EVALUATE: 'EVALUATE',
  STATISTICS: 'STATISTICS',
} as const;

export type LeaseKind =
  | 'GRADIENT'
  | 0
  | 'EVALUATE'
  | 1
  | 'STATISTICS'
  | 2

export type LeaseKind__Output = typeof LeaseKind[keyof typeof LeaseKind]
