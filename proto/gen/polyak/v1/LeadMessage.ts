// Original file: polyak/v1/parameter_server.proto

import type { Describe as _polyak_v1_Describe, Describe__Output as _polyak_v1_Describe__Output } from '../../polyak/v1/Describe.js';
import type { Admitted as _polyak_v1_Admitted, Admitted__Output as _polyak_v1_Admitted__Output } from '../../polyak/v1/Admitted.js';
import type { Refused as _polyak_v1_Refused, Refused__Output as _polyak_v1_Refused__Output } from '../../polyak/v1/Refused.js';
import type { Lease as _polyak_v1_Lease, Lease__Output as _polyak_v1_Lease__Output } from '../../polyak/v1/Lease.js';
import type { Shrink as _polyak_v1_Shrink, Shrink__Output as _polyak_v1_Shrink__Output } from '../../polyak/v1/Shrink.js';
import type { Void as _polyak_v1_Void, Void__Output as _polyak_v1_Void__Output } from '../../polyak/v1/Void.js';
import type { Fenced as _polyak_v1_Fenced, Fenced__Output as _polyak_v1_Fenced__Output } from '../../polyak/v1/Fenced.js';
import type { Ended as _polyak_v1_Ended, Ended__Output as _polyak_v1_Ended__Output } from '../../polyak/v1/Ended.js';
import type { Heartbeat as _polyak_v1_Heartbeat, Heartbeat__Output as _polyak_v1_Heartbeat__Output } from '../../polyak/v1/Heartbeat.js';

export interface LeadMessage {
  'describe'?: (_polyak_v1_Describe | null);
  'admitted'?: (_polyak_v1_Admitted | null);
  'refused'?: (_polyak_v1_Refused | null);
  'lease'?: (_polyak_v1_Lease | null);
  'shrink'?: (_polyak_v1_Shrink | null);
  'void'?: (_polyak_v1_Void | null);
  'fenced'?: (_polyak_v1_Fenced | null);
  'ended'?: (_polyak_v1_Ended | null);
  'heartbeat'?: (_polyak_v1_Heartbeat | null);
  'message'?: "describe"|"admitted"|"refused"|"lease"|"shrink"|"void"|"fenced"|"ended"|"heartbeat";
}

export interface LeadMessage__Output {
  'describe'?: (_polyak_v1_Describe__Output | null);
  'admitted'?: (_polyak_v1_Admitted__Output | null);
  'refused'?: (_polyak_v1_Refused__Output | null);
  'lease'?: (_polyak_v1_Lease__Output | null);
  'shrink'?: (_polyak_v1_Shrink__Output | null);
  'void'?: (_polyak_v1_Void__Output | null);
  'fenced'?: (_polyak_v1_Fenced__Output | null);
  'ended'?: (_polyak_v1_Ended__Output | null);
  'heartbeat'?: (_polyak_v1_Heartbeat__Output | null);
  'message'?: "describe"|"admitted"|"refused"|"lease"|"shrink"|"void"|"fenced"|"ended"|"heartbeat";
}
