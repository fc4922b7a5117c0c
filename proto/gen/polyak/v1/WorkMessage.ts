// Original file: polyak/v1/coordinator.proto

import type { WorkOpen as _polyak_v1_WorkOpen, WorkOpen__Output as _polyak_v1_WorkOpen__Output } from '../../polyak/v1/WorkOpen.js';
import type { WorkAsk as _polyak_v1_WorkAsk, WorkAsk__Output as _polyak_v1_WorkAsk__Output } from '../../polyak/v1/WorkAsk.js';
import type { WorkReport as _polyak_v1_WorkReport, WorkReport__Output as _polyak_v1_WorkReport__Output } from '../../polyak/v1/WorkReport.js';
import type { WorkEnd as _polyak_v1_WorkEnd, WorkEnd__Output as _polyak_v1_WorkEnd__Output } from '../../polyak/v1/WorkEnd.js';
import type { Beat as _polyak_v1_Beat, Beat__Output as _polyak_v1_Beat__Output } from '../../polyak/v1/Beat.js';
import type { Goodbye as _polyak_v1_Goodbye, Goodbye__Output as _polyak_v1_Goodbye__Output } from '../../polyak/v1/Goodbye.js';

export interface WorkMessage {
  'sequence'?: (number);
  'open'?: (_polyak_v1_WorkOpen | null);
  'ask'?: (_polyak_v1_WorkAsk | null);
  'report'?: (_polyak_v1_WorkReport | null);
  'end'?: (_polyak_v1_WorkEnd | null);
  'beat'?: (_polyak_v1_Beat | null);
  'goodbye'?: (_polyak_v1_Goodbye | null);
  'message'?: "open"|"ask"|"report"|"end"|"beat"|"goodbye";
}

export interface WorkMessage__Output {
  'sequence': (number);
  'open'?: (_polyak_v1_WorkOpen__Output | null);
  'ask'?: (_polyak_v1_WorkAsk__Output | null);
  'report'?: (_polyak_v1_WorkReport__Output | null);
  'end'?: (_polyak_v1_WorkEnd__Output | null);
  'beat'?: (_polyak_v1_Beat__Output | null);
  'goodbye'?: (_polyak_v1_Goodbye__Output | null);
  'message'?: "open"|"ask"|"report"|"end"|"beat"|"goodbye";
}
