// Original file: polyak/v1/parameter_server.proto


// Original file: polyak/v1/parameter_server.proto

export const _polyak_v1_PushReply_Result = {
  NONE: 'NONE',
  APPLIED: 'APPLIED',
  DUPLICATE: 'DUPLICATE',
  STALE: 'STALE',
  REFUSED: 'REFUSED',
  FENCED: 'FENCED',
} as const;

export type _polyak_v1_PushReply_Result =
  | 'NONE'
  | 0
  | 'APPLIED'
  | 1
  | 'DUPLICATE'
  | 2
  | 'STALE'
  | 3
  | 'REFUSED'
  | 4
  | 'FENCED'
  | 5

export type _polyak_v1_PushReply_Result__Output = typeof _polyak_v1_PushReply_Result[keyof typeof _polyak_v1_PushReply_Result]

export interface PushReply {
  'credit'?: (number);
  'result'?: (_polyak_v1_PushReply_Result);
  'message'?: (string);
}

export interface PushReply__Output {
  'credit': (number);
  'result': (_polyak_v1_PushReply_Result__Output);
  'message': (string);
}
