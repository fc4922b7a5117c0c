// Original file: polyak/v1/coordinator.proto

import type { Register as _polyak_v1_Register, Register__Output as _polyak_v1_Register__Output } from '../../polyak/v1/Register.js';
import type { Beat as _polyak_v1_Beat, Beat__Output as _polyak_v1_Beat__Output } from '../../polyak/v1/Beat.js';
import type { Goodbye as _polyak_v1_Goodbye, Goodbye__Output as _polyak_v1_Goodbye__Output } from '../../polyak/v1/Goodbye.js';
import type { LogBatch as _polyak_v1_LogBatch, LogBatch__Output as _polyak_v1_LogBatch__Output } from '../../polyak/v1/LogBatch.js';
import type { AdmittedTo as _polyak_v1_AdmittedTo, AdmittedTo__Output as _polyak_v1_AdmittedTo__Output } from '../../polyak/v1/AdmittedTo.js';
import type { OutOf as _polyak_v1_OutOf, OutOf__Output as _polyak_v1_OutOf__Output } from '../../polyak/v1/OutOf.js';

export interface Attendance {
  'register'?: (_polyak_v1_Register | null);
  'beat'?: (_polyak_v1_Beat | null);
  'goodbye'?: (_polyak_v1_Goodbye | null);
  'log'?: (_polyak_v1_LogBatch | null);
  'admitted'?: (_polyak_v1_AdmittedTo | null);
  'out'?: (_polyak_v1_OutOf | null);
  'message'?: "register"|"beat"|"goodbye"|"log"|"admitted"|"out";
}

export interface Attendance__Output {
  'register'?: (_polyak_v1_Register__Output | null);
  'beat'?: (_polyak_v1_Beat__Output | null);
  'goodbye'?: (_polyak_v1_Goodbye__Output | null);
  'log'?: (_polyak_v1_LogBatch__Output | null);
  'admitted'?: (_polyak_v1_AdmittedTo__Output | null);
  'out'?: (_polyak_v1_OutOf__Output | null);
  'message'?: "register"|"beat"|"goodbye"|"log"|"admitted"|"out";
}
