// Original file: polyak/v1/coordinator.proto

import type { Welcome as _polyak_v1_Welcome, Welcome__Output as _polyak_v1_Welcome__Output } from '../../polyak/v1/Welcome.js';
import type { Lead as _polyak_v1_Lead, Lead__Output as _polyak_v1_Lead__Output } from '../../polyak/v1/Lead.js';
import type { Join as _polyak_v1_Join, Join__Output as _polyak_v1_Join__Output } from '../../polyak/v1/Join.js';
import type { Drop as _polyak_v1_Drop, Drop__Output as _polyak_v1_Drop__Output } from '../../polyak/v1/Drop.js';
import type { Replaced as _polyak_v1_Replaced, Replaced__Output as _polyak_v1_Replaced__Output } from '../../polyak/v1/Replaced.js';
import type { StopTrial as _polyak_v1_StopTrial, StopTrial__Output as _polyak_v1_StopTrial__Output } from '../../polyak/v1/StopTrial.js';
import type { Beat as _polyak_v1_Beat, Beat__Output as _polyak_v1_Beat__Output } from '../../polyak/v1/Beat.js';
import type { Discard as _polyak_v1_Discard, Discard__Output as _polyak_v1_Discard__Output } from '../../polyak/v1/Discard.js';

export interface Order {
  'welcome'?: (_polyak_v1_Welcome | null);
  'lead'?: (_polyak_v1_Lead | null);
  'join'?: (_polyak_v1_Join | null);
  'drop'?: (_polyak_v1_Drop | null);
  'replaced'?: (_polyak_v1_Replaced | null);
  'stop'?: (_polyak_v1_StopTrial | null);
  'beat'?: (_polyak_v1_Beat | null);
  'discard'?: (_polyak_v1_Discard | null);
  'message'?: "welcome"|"lead"|"join"|"drop"|"replaced"|"stop"|"beat"|"discard";
}

export interface Order__Output {
  'welcome'?: (_polyak_v1_Welcome__Output | null);
  'lead'?: (_polyak_v1_Lead__Output | null);
  'join'?: (_polyak_v1_Join__Output | null);
  'drop'?: (_polyak_v1_Drop__Output | null);
  'replaced'?: (_polyak_v1_Replaced__Output | null);
  'stop'?: (_polyak_v1_StopTrial__Output | null);
  'beat'?: (_polyak_v1_Beat__Output | null);
  'discard'?: (_polyak_v1_Discard__Output | null);
  'message'?: "welcome"|"lead"|"join"|"drop"|"replaced"|"stop"|"beat"|"discard";
}
