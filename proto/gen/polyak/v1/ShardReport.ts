// Original file: polyak/v1/parameter_server.proto

import type { Begun as _polyak_v1_Begun, Begun__Output as _polyak_v1_Begun__Output } from '../../polyak/v1/Begun.js';
import type { Held as _polyak_v1_Held, Held__Output as _polyak_v1_Held__Output } from '../../polyak/v1/Held.js';
import type { Scalars as _polyak_v1_Scalars, Scalars__Output as _polyak_v1_Scalars__Output } from '../../polyak/v1/Scalars.js';
import type { Overflow as _polyak_v1_Overflow, Overflow__Output as _polyak_v1_Overflow__Output } from '../../polyak/v1/Overflow.js';
import type { CutPlanned as _polyak_v1_CutPlanned, CutPlanned__Output as _polyak_v1_CutPlanned__Output } from '../../polyak/v1/CutPlanned.js';
import type { CutWritten as _polyak_v1_CutWritten, CutWritten__Output as _polyak_v1_CutWritten__Output } from '../../polyak/v1/CutWritten.js';
import type { Fenced as _polyak_v1_Fenced, Fenced__Output as _polyak_v1_Fenced__Output } from '../../polyak/v1/Fenced.js';
import type { Failed as _polyak_v1_Failed, Failed__Output as _polyak_v1_Failed__Output } from '../../polyak/v1/Failed.js';
import type { Heartbeat as _polyak_v1_Heartbeat, Heartbeat__Output as _polyak_v1_Heartbeat__Output } from '../../polyak/v1/Heartbeat.js';
import type { Reached as _polyak_v1_Reached, Reached__Output as _polyak_v1_Reached__Output } from '../../polyak/v1/Reached.js';
import type { Measured as _polyak_v1_Measured, Measured__Output as _polyak_v1_Measured__Output } from '../../polyak/v1/Measured.js';
import type { CutDelayed as _polyak_v1_CutDelayed, CutDelayed__Output as _polyak_v1_CutDelayed__Output } from '../../polyak/v1/CutDelayed.js';
import type { RateKnown as _polyak_v1_RateKnown, RateKnown__Output as _polyak_v1_RateKnown__Output } from '../../polyak/v1/RateKnown.js';
import type { UnitSquares as _polyak_v1_UnitSquares, UnitSquares__Output as _polyak_v1_UnitSquares__Output } from '../../polyak/v1/UnitSquares.js';
import type { Draining as _polyak_v1_Draining, Draining__Output as _polyak_v1_Draining__Output } from '../../polyak/v1/Draining.js';

export interface ShardReport {
  'begun'?: (_polyak_v1_Begun | null);
  'held'?: (_polyak_v1_Held | null);
  'scalars'?: (_polyak_v1_Scalars | null);
  'overflow'?: (_polyak_v1_Overflow | null);
  'cutPlanned'?: (_polyak_v1_CutPlanned | null);
  'cutWritten'?: (_polyak_v1_CutWritten | null);
  'fenced'?: (_polyak_v1_Fenced | null);
  'failed'?: (_polyak_v1_Failed | null);
  'heartbeat'?: (_polyak_v1_Heartbeat | null);
  'reached'?: (_polyak_v1_Reached | null);
  'measured'?: (_polyak_v1_Measured | null);
  'cutDelayed'?: (_polyak_v1_CutDelayed | null);
  'rateKnown'?: (_polyak_v1_RateKnown | null);
  'unitSquares'?: (_polyak_v1_UnitSquares | null);
  'draining'?: (_polyak_v1_Draining | null);
  'message'?: "begun"|"held"|"scalars"|"overflow"|"cutPlanned"|"cutWritten"|"fenced"|"failed"|"heartbeat"|"reached"|"measured"|"cutDelayed"|"rateKnown"|"unitSquares"|"draining";
}

export interface ShardReport__Output {
  'begun'?: (_polyak_v1_Begun__Output | null);
  'held'?: (_polyak_v1_Held__Output | null);
  'scalars'?: (_polyak_v1_Scalars__Output | null);
  'overflow'?: (_polyak_v1_Overflow__Output | null);
  'cutPlanned'?: (_polyak_v1_CutPlanned__Output | null);
  'cutWritten'?: (_polyak_v1_CutWritten__Output | null);
  'fenced'?: (_polyak_v1_Fenced__Output | null);
  'failed'?: (_polyak_v1_Failed__Output | null);
  'heartbeat'?: (_polyak_v1_Heartbeat__Output | null);
  'reached'?: (_polyak_v1_Reached__Output | null);
  'measured'?: (_polyak_v1_Measured__Output | null);
  'cutDelayed'?: (_polyak_v1_CutDelayed__Output | null);
  'rateKnown'?: (_polyak_v1_RateKnown__Output | null);
  'unitSquares'?: (_polyak_v1_UnitSquares__Output | null);
  'draining'?: (_polyak_v1_Draining__Output | null);
  'message'?: "begun"|"held"|"scalars"|"overflow"|"cutPlanned"|"cutWritten"|"fenced"|"failed"|"heartbeat"|"reached"|"measured"|"cutDelayed"|"rateKnown"|"unitSquares"|"draining";
}
