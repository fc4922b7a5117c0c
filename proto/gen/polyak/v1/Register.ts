// Original file: polyak/v1/coordinator.proto


// Original file: polyak/v1/coordinator.proto

export const _polyak_v1_Register_Role = {
  SERVER: 'SERVER',
  WORKER: 'WORKER',
} as const;

export type _polyak_v1_Register_Role =
  | 'SERVER'
  | 0
  | 'WORKER'
  | 1

export type _polyak_v1_Register_Role__Output = typeof _polyak_v1_Register_Role[keyof typeof _polyak_v1_Register_Role]

export interface Register {
  'role'?: (_polyak_v1_Register_Role);
  'shard'?: (number);
  'address'?: (string);
  'id'?: (string);
  'shardEpoch'?: (number);
  'trials'?: (Buffer | Uint8Array | string)[];
  'version'?: (string);
  'fingerprint'?: (string);
}

export interface Register__Output {
  'role': (_polyak_v1_Register_Role__Output);
  'shard': (number);
  'address': (string);
  'id': (string);
  'shardEpoch': (number);
  'trials': (Buffer)[];
  'version': (string);
  'fingerprint': (string);
}
