// Original file: polyak/v1/coordinator.proto

import type { WorkOpened as _polyak_v1_WorkOpened, WorkOpened__Output as _polyak_v1_WorkOpened__Output } from '../../polyak/v1/WorkOpened.js';
import type { WorkTrial as _polyak_v1_WorkTrial, WorkTrial__Output as _polyak_v1_WorkTrial__Output } from '../../polyak/v1/WorkTrial.js';
import type { WorkAck as _polyak_v1_WorkAck, WorkAck__Output as _polyak_v1_WorkAck__Output } from '../../polyak/v1/WorkAck.js';
import type { WorkStop as _polyak_v1_WorkStop, WorkStop__Output as _polyak_v1_WorkStop__Output } from '../../polyak/v1/WorkStop.js';
import type { WorkOver as _polyak_v1_WorkOver, WorkOver__Output as _polyak_v1_WorkOver__Output } from '../../polyak/v1/WorkOver.js';
import type { Beat as _polyak_v1_Beat, Beat__Output as _polyak_v1_Beat__Output } from '../../polyak/v1/Beat.js';

export interface WorkReply {
  'opened'?: (_polyak_v1_WorkOpened | null);
  'trial'?: (_polyak_v1_WorkTrial | null);
  'ack'?: (_polyak_v1_WorkAck | null);
  'stop'?: (_polyak_v1_WorkStop | null);
  'over'?: (_polyak_v1_WorkOver | null);
  'beat'?: (_polyak_v1_Beat | null);
  'message'?: "opened"|"trial"|"ack"|"stop"|"over"|"beat";
}

export interface WorkReply__Output {
  'opened'?: (_polyak_v1_WorkOpened__Output | null);
  'trial'?: (_polyak_v1_WorkTrial__Output | null);
  'ack'?: (_polyak_v1_WorkAck__Output | null);
  'stop'?: (_polyak_v1_WorkStop__Output | null);
  'over'?: (_polyak_v1_WorkOver__Output | null);
  'beat'?: (_polyak_v1_Beat__Output | null);
  'message'?: "opened"|"trial"|"ack"|"stop"|"over"|"beat";
}
