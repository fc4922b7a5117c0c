// Original file: polyak/v1/parameter_server.proto

import type { Hello as _polyak_v1_Hello, Hello__Output as _polyak_v1_Hello__Output } from '../../polyak/v1/Hello.js';
import type { Proof as _polyak_v1_Proof, Proof__Output as _polyak_v1_Proof__Output } from '../../polyak/v1/Proof.js';
import type { Computed as _polyak_v1_Computed, Computed__Output as _polyak_v1_Computed__Output } from '../../polyak/v1/Computed.js';
import type { Progress as _polyak_v1_Progress, Progress__Output as _polyak_v1_Progress__Output } from '../../polyak/v1/Progress.js';
import type { LeaseFailed as _polyak_v1_LeaseFailed, LeaseFailed__Output as _polyak_v1_LeaseFailed__Output } from '../../polyak/v1/LeaseFailed.js';
import type { Heartbeat as _polyak_v1_Heartbeat, Heartbeat__Output as _polyak_v1_Heartbeat__Output } from '../../polyak/v1/Heartbeat.js';
import type { Leaving as _polyak_v1_Leaving, Leaving__Output as _polyak_v1_Leaving__Output } from '../../polyak/v1/Leaving.js';
import type { PreparationFailed as _polyak_v1_PreparationFailed, PreparationFailed__Output as _polyak_v1_PreparationFailed__Output } from '../../polyak/v1/PreparationFailed.js';

export interface WorkerMessage {
  'hello'?: (_polyak_v1_Hello | null);
  'proof'?: (_polyak_v1_Proof | null);
  'computed'?: (_polyak_v1_Computed | null);
  'progress'?: (_polyak_v1_Progress | null);
  'failed'?: (_polyak_v1_LeaseFailed | null);
  'heartbeat'?: (_polyak_v1_Heartbeat | null);
  'leaving'?: (_polyak_v1_Leaving | null);
  'preparationFailed'?: (_polyak_v1_PreparationFailed | null);
  'message'?: "hello"|"proof"|"computed"|"progress"|"failed"|"heartbeat"|"leaving"|"preparationFailed";
}

export interface WorkerMessage__Output {
  'hello'?: (_polyak_v1_Hello__Output | null);
  'proof'?: (_polyak_v1_Proof__Output | null);
  'computed'?: (_polyak_v1_Computed__Output | null);
  'progress'?: (_polyak_v1_Progress__Output | null);
  'failed'?: (_polyak_v1_LeaseFailed__Output | null);
  'heartbeat'?: (_polyak_v1_Heartbeat__Output | null);
  'leaving'?: (_polyak_v1_Leaving__Output | null);
  'preparationFailed'?: (_polyak_v1_PreparationFailed__Output | null);
  'message'?: "hello"|"proof"|"computed"|"progress"|"failed"|"heartbeat"|"leaving"|"preparationFailed";
}
