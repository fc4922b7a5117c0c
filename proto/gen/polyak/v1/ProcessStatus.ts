// Original file: polyak/v1/coordinator.proto

import type { _polyak_v1_Register_Role, _polyak_v1_Register_Role__Output } from '../../polyak/v1/Register.js';

export interface ProcessStatus {
  'role'?: (_polyak_v1_Register_Role);
  'shard'?: (number);
  'address'?: (string);
  'id'?: (string);
  'fingerprint'?: (string);
  'trials'?: (number);
}

export interface ProcessStatus__Output {
  'role': (_polyak_v1_Register_Role__Output);
  'shard': (number);
  'address': (string);
  'id': (string);
  'fingerprint': (string);
  'trials': (number);
}
