import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { AdmittedTo as _polyak_v1_AdmittedTo, AdmittedTo__Output as _polyak_v1_AdmittedTo__Output } from './polyak/v1/AdmittedTo.js';
import type { Attendance as _polyak_v1_Attendance, Attendance__Output as _polyak_v1_Attendance__Output } from './polyak/v1/Attendance.js';
import type { Beat as _polyak_v1_Beat, Beat__Output as _polyak_v1_Beat__Output } from './polyak/v1/Beat.js';
import type { ChangeSweepReply as _polyak_v1_ChangeSweepReply, ChangeSweepReply__Output as _polyak_v1_ChangeSweepReply__Output } from './polyak/v1/ChangeSweepReply.js';
import type { ChangeSweepRequest as _polyak_v1_ChangeSweepRequest, ChangeSweepRequest__Output as _polyak_v1_ChangeSweepRequest__Output } from './polyak/v1/ChangeSweepRequest.js';
import type { CoordinatorClient as _polyak_v1_CoordinatorClient, CoordinatorDefinition as _polyak_v1_CoordinatorDefinition } from './polyak/v1/Coordinator.js';
import type { Discard as _polyak_v1_Discard, Discard__Output as _polyak_v1_Discard__Output } from './polyak/v1/Discard.js';
import type { Drop as _polyak_v1_Drop, Drop__Output as _polyak_v1_Drop__Output } from './polyak/v1/Drop.js';
import type { EpochTold as _polyak_v1_EpochTold, EpochTold__Output as _polyak_v1_EpochTold__Output } from './polyak/v1/EpochTold.js';
import type { Goodbye as _polyak_v1_Goodbye, Goodbye__Output as _polyak_v1_Goodbye__Output } from './polyak/v1/Goodbye.js';
import type { HeldTrial as _polyak_v1_HeldTrial, HeldTrial__Output as _polyak_v1_HeldTrial__Output } from './polyak/v1/HeldTrial.js';
import type { Join as _polyak_v1_Join, Join__Output as _polyak_v1_Join__Output } from './polyak/v1/Join.js';
import type { Lead as _polyak_v1_Lead, Lead__Output as _polyak_v1_Lead__Output } from './polyak/v1/Lead.js';
import type { ListTrialsReply as _polyak_v1_ListTrialsReply, ListTrialsReply__Output as _polyak_v1_ListTrialsReply__Output } from './polyak/v1/ListTrialsReply.js';
import type { ListTrialsRequest as _polyak_v1_ListTrialsRequest, ListTrialsRequest__Output as _polyak_v1_ListTrialsRequest__Output } from './polyak/v1/ListTrialsRequest.js';
import type { LogBatch as _polyak_v1_LogBatch, LogBatch__Output as _polyak_v1_LogBatch__Output } from './polyak/v1/LogBatch.js';
import type { Order as _polyak_v1_Order, Order__Output as _polyak_v1_Order__Output } from './polyak/v1/Order.js';
import type { OutOf as _polyak_v1_OutOf, OutOf__Output as _polyak_v1_OutOf__Output } from './polyak/v1/OutOf.js';
import type { ProcessStatus as _polyak_v1_ProcessStatus, ProcessStatus__Output as _polyak_v1_ProcessStatus__Output } from './polyak/v1/ProcessStatus.js';
import type { ReadLogsRequest as _polyak_v1_ReadLogsRequest, ReadLogsRequest__Output as _polyak_v1_ReadLogsRequest__Output } from './polyak/v1/ReadLogsRequest.js';
import type { ReadTrialRequest as _polyak_v1_ReadTrialRequest, ReadTrialRequest__Output as _polyak_v1_ReadTrialRequest__Output } from './polyak/v1/ReadTrialRequest.js';
import type { Register as _polyak_v1_Register, Register__Output as _polyak_v1_Register__Output } from './polyak/v1/Register.js';
import type { Replaced as _polyak_v1_Replaced, Replaced__Output as _polyak_v1_Replaced__Output } from './polyak/v1/Replaced.js';
import type { ReportReply as _polyak_v1_ReportReply, ReportReply__Output as _polyak_v1_ReportReply__Output } from './polyak/v1/ReportReply.js';
import type { RunEvent as _polyak_v1_RunEvent, RunEvent__Output as _polyak_v1_RunEvent__Output } from './polyak/v1/RunEvent.js';
import type { RunLogLine as _polyak_v1_RunLogLine, RunLogLine__Output as _polyak_v1_RunLogLine__Output } from './polyak/v1/RunLogLine.js';
import type { StatusReply as _polyak_v1_StatusReply, StatusReply__Output as _polyak_v1_StatusReply__Output } from './polyak/v1/StatusReply.js';
import type { StatusRequest as _polyak_v1_StatusRequest, StatusRequest__Output as _polyak_v1_StatusRequest__Output } from './polyak/v1/StatusRequest.js';
import type { StopReply as _polyak_v1_StopReply, StopReply__Output as _polyak_v1_StopReply__Output } from './polyak/v1/StopReply.js';
import type { StopRequest as _polyak_v1_StopRequest, StopRequest__Output as _polyak_v1_StopRequest__Output } from './polyak/v1/StopRequest.js';
import type { StopTrial as _polyak_v1_StopTrial, StopTrial__Output as _polyak_v1_StopTrial__Output } from './polyak/v1/StopTrial.js';
import type { SubmitReply as _polyak_v1_SubmitReply, SubmitReply__Output as _polyak_v1_SubmitReply__Output } from './polyak/v1/SubmitReply.js';
import type { SubmitRequest as _polyak_v1_SubmitRequest, SubmitRequest__Output as _polyak_v1_SubmitRequest__Output } from './polyak/v1/SubmitRequest.js';
import type { SubmitSweepReply as _polyak_v1_SubmitSweepReply, SubmitSweepReply__Output as _polyak_v1_SubmitSweepReply__Output } from './polyak/v1/SubmitSweepReply.js';
import type { SubmitSweepRequest as _polyak_v1_SubmitSweepRequest, SubmitSweepRequest__Output as _polyak_v1_SubmitSweepRequest__Output } from './polyak/v1/SubmitSweepRequest.js';
import type { TrialLine as _polyak_v1_TrialLine, TrialLine__Output as _polyak_v1_TrialLine__Output } from './polyak/v1/TrialLine.js';
import type { TrialLogLine as _polyak_v1_TrialLogLine, TrialLogLine__Output as _polyak_v1_TrialLogLine__Output } from './polyak/v1/TrialLogLine.js';
import type { TrialReport as _polyak_v1_TrialReport, TrialReport__Output as _polyak_v1_TrialReport__Output } from './polyak/v1/TrialReport.js';
import type { TrialStatus as _polyak_v1_TrialStatus, TrialStatus__Output as _polyak_v1_TrialStatus__Output } from './polyak/v1/TrialStatus.js';
import type { WatchRequest as _polyak_v1_WatchRequest, WatchRequest__Output as _polyak_v1_WatchRequest__Output } from './polyak/v1/WatchRequest.js';
import type { WatchSweepRequest as _polyak_v1_WatchSweepRequest, WatchSweepRequest__Output as _polyak_v1_WatchSweepRequest__Output } from './polyak/v1/WatchSweepRequest.js';
import type { Welcome as _polyak_v1_Welcome, Welcome__Output as _polyak_v1_Welcome__Output } from './polyak/v1/Welcome.js';
import type { WorkAck as _polyak_v1_WorkAck, WorkAck__Output as _polyak_v1_WorkAck__Output } from './polyak/v1/WorkAck.js';
import type { WorkAsk as _polyak_v1_WorkAsk, WorkAsk__Output as _polyak_v1_WorkAsk__Output } from './polyak/v1/WorkAsk.js';
import type { WorkEnd as _polyak_v1_WorkEnd, WorkEnd__Output as _polyak_v1_WorkEnd__Output } from './polyak/v1/WorkEnd.js';
import type { WorkMessage as _polyak_v1_WorkMessage, WorkMessage__Output as _polyak_v1_WorkMessage__Output } from './polyak/v1/WorkMessage.js';
import type { WorkOpen as _polyak_v1_WorkOpen, WorkOpen__Output as _polyak_v1_WorkOpen__Output } from './polyak/v1/WorkOpen.js';
import type { WorkOpened as _polyak_v1_WorkOpened, WorkOpened__Output as _polyak_v1_WorkOpened__Output } from './polyak/v1/WorkOpened.js';
import type { WorkOver as _polyak_v1_WorkOver, WorkOver__Output as _polyak_v1_WorkOver__Output } from './polyak/v1/WorkOver.js';
import type { WorkReply as _polyak_v1_WorkReply, WorkReply__Output as _polyak_v1_WorkReply__Output } from './polyak/v1/WorkReply.js';
import type { WorkReport as _polyak_v1_WorkReport, WorkReport__Output as _polyak_v1_WorkReport__Output } from './polyak/v1/WorkReport.js';
import type { WorkStop as _polyak_v1_WorkStop, WorkStop__Output as _polyak_v1_WorkStop__Output } from './polyak/v1/WorkStop.js';
import type { WorkTrial as _polyak_v1_WorkTrial, WorkTrial__Output as _polyak_v1_WorkTrial__Output } from './polyak/v1/WorkTrial.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  polyak: {
    v1: {
      AdmittedTo: MessageTypeDefinition<_polyak_v1_AdmittedTo, _polyak_v1_AdmittedTo__Output>
      Attendance: MessageTypeDefinition<_polyak_v1_Attendance, _polyak_v1_Attendance__Output>
      Beat: MessageTypeDefinition<_polyak_v1_Beat, _polyak_v1_Beat__Output>
      ChangeSweepReply: MessageTypeDefinition<_polyak_v1_ChangeSweepReply, _polyak_v1_ChangeSweepReply__Output>
      ChangeSweepRequest: MessageTypeDefinition<_polyak_v1_ChangeSweepRequest, _polyak_v1_ChangeSweepRequest__Output>
      Coordinator: SubtypeConstructor<typeof grpc.Client, _polyak_v1_CoordinatorClient> & { service: _polyak_v1_CoordinatorDefinition }
      Discard: MessageTypeDefinition<_polyak_v1_Discard, _polyak_v1_Discard__Output>
      Drop: MessageTypeDefinition<_polyak_v1_Drop, _polyak_v1_Drop__Output>
      EpochTold: MessageTypeDefinition<_polyak_v1_EpochTold, _polyak_v1_EpochTold__Output>
      Goodbye: MessageTypeDefinition<_polyak_v1_Goodbye, _polyak_v1_Goodbye__Output>
      HeldTrial: MessageTypeDefinition<_polyak_v1_HeldTrial, _polyak_v1_HeldTrial__Output>
      Join: MessageTypeDefinition<_polyak_v1_Join, _polyak_v1_Join__Output>
      Lead: MessageTypeDefinition<_polyak_v1_Lead, _polyak_v1_Lead__Output>
      ListTrialsReply: MessageTypeDefinition<_polyak_v1_ListTrialsReply, _polyak_v1_ListTrialsReply__Output>
      ListTrialsRequest: MessageTypeDefinition<_polyak_v1_ListTrialsRequest, _polyak_v1_ListTrialsRequest__Output>
      LogBatch: MessageTypeDefinition<_polyak_v1_LogBatch, _polyak_v1_LogBatch__Output>
      Order: MessageTypeDefinition<_polyak_v1_Order, _polyak_v1_Order__Output>
      OutOf: MessageTypeDefinition<_polyak_v1_OutOf, _polyak_v1_OutOf__Output>
      ProcessStatus: MessageTypeDefinition<_polyak_v1_ProcessStatus, _polyak_v1_ProcessStatus__Output>
      ReadLogsRequest: MessageTypeDefinition<_polyak_v1_ReadLogsRequest, _polyak_v1_ReadLogsRequest__Output>
      ReadTrialRequest: MessageTypeDefinition<_polyak_v1_ReadTrialRequest, _polyak_v1_ReadTrialRequest__Output>
      Register: MessageTypeDefinition<_polyak_v1_Register, _polyak_v1_Register__Output>
      Replaced: MessageTypeDefinition<_polyak_v1_Replaced, _polyak_v1_Replaced__Output>
      ReportReply: MessageTypeDefinition<_polyak_v1_ReportReply, _polyak_v1_ReportReply__Output>
      RunEvent: MessageTypeDefinition<_polyak_v1_RunEvent, _polyak_v1_RunEvent__Output>
      RunLogLine: MessageTypeDefinition<_polyak_v1_RunLogLine, _polyak_v1_RunLogLine__Output>
      StatusReply: MessageTypeDefinition<_polyak_v1_StatusReply, _polyak_v1_StatusReply__Output>
      StatusRequest: MessageTypeDefinition<_polyak_v1_StatusRequest, _polyak_v1_StatusRequest__Output>
      StopReply: MessageTypeDefinition<_polyak_v1_StopReply, _polyak_v1_StopReply__Output>
      StopRequest: MessageTypeDefinition<_polyak_v1_StopRequest, _polyak_v1_StopRequest__Output>
      StopTrial: MessageTypeDefinition<_polyak_v1_StopTrial, _polyak_v1_StopTrial__Output>
      SubmitReply: MessageTypeDefinition<_polyak_v1_SubmitReply, _polyak_v1_SubmitReply__Output>
      SubmitRequest: MessageTypeDefinition<_polyak_v1_SubmitRequest, _polyak_v1_SubmitRequest__Output>
      SubmitSweepReply: MessageTypeDefinition<_polyak_v1_SubmitSweepReply, _polyak_v1_SubmitSweepReply__Output>
      SubmitSweepRequest: MessageTypeDefinition<_polyak_v1_SubmitSweepRequest, _polyak_v1_SubmitSweepRequest__Output>
      TrialLine: MessageTypeDefinition<_polyak_v1_TrialLine, _polyak_v1_TrialLine__Output>
      TrialLogLine: MessageTypeDefinition<_polyak_v1_TrialLogLine, _polyak_v1_TrialLogLine__Output>
      TrialReport: MessageTypeDefinition<_polyak_v1_TrialReport, _polyak_v1_TrialReport__Output>
      TrialStatus: MessageTypeDefinition<_polyak_v1_TrialStatus, _polyak_v1_TrialStatus__Output>
      WatchRequest: MessageTypeDefinition<_polyak_v1_WatchRequest, _polyak_v1_WatchRequest__Output>
      WatchSweepRequest: MessageTypeDefinition<_polyak_v1_WatchSweepRequest, _polyak_v1_WatchSweepRequest__Output>
      Welcome: MessageTypeDefinition<_polyak_v1_Welcome, _polyak_v1_Welcome__Output>
      WorkAck: MessageTypeDefinition<_polyak_v1_WorkAck, _polyak_v1_WorkAck__Output>
      WorkAsk: MessageTypeDefinition<_polyak_v1_WorkAsk, _polyak_v1_WorkAsk__Output>
      WorkEnd: MessageTypeDefinition<_polyak_v1_WorkEnd, _polyak_v1_WorkEnd__Output>
      WorkMessage: MessageTypeDefinition<_polyak_v1_WorkMessage, _polyak_v1_WorkMessage__Output>
      WorkOpen: MessageTypeDefinition<_polyak_v1_WorkOpen, _polyak_v1_WorkOpen__Output>
      WorkOpened: MessageTypeDefinition<_polyak_v1_WorkOpened, _polyak_v1_WorkOpened__Output>
      WorkOver: MessageTypeDefinition<_polyak_v1_WorkOver, _polyak_v1_WorkOver__Output>
      WorkReply: MessageTypeDefinition<_polyak_v1_WorkReply, _polyak_v1_WorkReply__Output>
      WorkReport: MessageTypeDefinition<_polyak_v1_WorkReport, _polyak_v1_WorkReport__Output>
      WorkStop: MessageTypeDefinition<_polyak_v1_WorkStop, _polyak_v1_WorkStop__Output>
      WorkTrial: MessageTypeDefinition<_polyak_v1_WorkTrial, _polyak_v1_WorkTrial__Output>
      WorkVerdict: EnumTypeDefinition
    }
  }
}

