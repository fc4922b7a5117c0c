// Original file: polyak/v1/parameter_server.proto

import type { Begin as _polyak_v1_Begin, Begin__Output as _polyak_v1_Begin__Output } from '../../polyak/v1/Begin.js';
import type { Scale as _polyak_v1_Scale, Scale__Output as _polyak_v1_Scale__Output } from '../../polyak/v1/Scale.js';
import type { Cut as _polyak_v1_Cut, Cut__Output as _polyak_v1_Cut__Output } from '../../polyak/v1/Cut.js';
import type { Heartbeat as _polyak_v1_Heartbeat, Heartbeat__Output as _polyak_v1_Heartbeat__Output } from '../../polyak/v1/Heartbeat.js';
import type { Combine as _polyak_v1_Combine, Combine__Output as _polyak_v1_Combine__Output } from '../../polyak/v1/Combine.js';
import type { Rate as _polyak_v1_Rate, Rate__Output as _polyak_v1_Rate__Output } from '../../polyak/v1/Rate.js';
import type { UnitFactors as _polyak_v1_UnitFactors, UnitFactors__Output as _polyak_v1_UnitFactors__Output } from '../../polyak/v1/UnitFactors.js';
import type { GiveUp as _polyak_v1_GiveUp, GiveUp__Output as _polyak_v1_GiveUp__Output } from '../../polyak/v1/GiveUp.js';

export interface ShardOrder {
  'begin'?: (_polyak_v1_Begin | null);
  'scale'?: (_polyak_v1_Scale | null);
  'cut'?: (_polyak_v1_Cut | null);
  'heartbeat'?: (_polyak_v1_Heartbeat | null);
  'combine'?: (_polyak_v1_Combine | null);
  'rate'?: (_polyak_v1_Rate | null);
  'unitFactors'?: (_polyak_v1_UnitFactors | null);
  'giveUp'?: (_polyak_v1_GiveUp | null);
  'message'?: "begin"|"scale"|"cut"|"heartbeat"|"combine"|"rate"|"unitFactors"|"giveUp";
}

export interface ShardOrder__Output {
  'begin'?: (_polyak_v1_Begin__Output | null);
  'scale'?: (_polyak_v1_Scale__Output | null);
  'cut'?: (_polyak_v1_Cut__Output | null);
  'heartbeat'?: (_polyak_v1_Heartbeat__Output | null);
  'combine'?: (_polyak_v1_Combine__Output | null);
  'rate'?: (_polyak_v1_Rate__Output | null);
  'unitFactors'?: (_polyak_v1_UnitFactors__Output | null);
  'giveUp'?: (_polyak_v1_GiveUp__Output | null);
  'message'?: "begin"|"scale"|"cut"|"heartbeat"|"combine"|"rate"|"unitFactors"|"giveUp";
}
