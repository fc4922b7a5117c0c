// Original file: polyak/v1/coordinator.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Attendance as _polyak_v1_Attendance, Attendance__Output as _polyak_v1_Attendance__Output } from '../../polyak/v1/Attendance.js';
import type { ChangeSweepReply as _polyak_v1_ChangeSweepReply, ChangeSweepReply__Output as _polyak_v1_ChangeSweepReply__Output } from '../../polyak/v1/ChangeSweepReply.js';
import type { ChangeSweepRequest as _polyak_v1_ChangeSweepRequest, ChangeSweepRequest__Output as _polyak_v1_ChangeSweepRequest__Output } from '../../polyak/v1/ChangeSweepRequest.js';
import type { ListTrialsReply as _polyak_v1_ListTrialsReply, ListTrialsReply__Output as _polyak_v1_ListTrialsReply__Output } from '../../polyak/v1/ListTrialsReply.js';
import type { ListTrialsRequest as _polyak_v1_ListTrialsRequest, ListTrialsRequest__Output as _polyak_v1_ListTrialsRequest__Output } from '../../polyak/v1/ListTrialsRequest.js';
import type { Order as _polyak_v1_Order, Order__Output as _polyak_v1_Order__Output } from '../../polyak/v1/Order.js';
import type { ReadLogsRequest as _polyak_v1_ReadLogsRequest, ReadLogsRequest__Output as _polyak_v1_ReadLogsRequest__Output } from '../../polyak/v1/ReadLogsRequest.js';
import type { ReadTrialRequest as _polyak_v1_ReadTrialRequest, ReadTrialRequest__Output as _polyak_v1_ReadTrialRequest__Output } from '../../polyak/v1/ReadTrialRequest.js';
import type { ReportReply as _polyak_v1_ReportReply, ReportReply__Output as _polyak_v1_ReportReply__Output } from '../../polyak/v1/ReportReply.js';
import type { RunEvent as _polyak_v1_RunEvent, RunEvent__Output as _polyak_v1_RunEvent__Output } from '../../polyak/v1/RunEvent.js';
import type { RunLogLine as _polyak_v1_RunLogLine, RunLogLine__Output as _polyak_v1_RunLogLine__Output } from '../../polyak/v1/RunLogLine.js';
import type { StatusReply as _polyak_v1_StatusReply, StatusReply__Output as _polyak_v1_StatusReply__Output } from '../../polyak/v1/StatusReply.js';
import type { StatusRequest as _polyak_v1_StatusRequest, StatusRequest__Output as _polyak_v1_StatusRequest__Output } from '../../polyak/v1/StatusRequest.js';
import type { StopReply as _polyak_v1_StopReply, StopReply__Output as _polyak_v1_StopReply__Output } from '../../polyak/v1/StopReply.js';
import type { StopRequest as _polyak_v1_StopRequest, StopRequest__Output as _polyak_v1_StopRequest__Output } from '../../polyak/v1/StopRequest.js';
import type { SubmitReply as _polyak_v1_SubmitReply, SubmitReply__Output as _polyak_v1_SubmitReply__Output } from '../../polyak/v1/SubmitReply.js';
import type { SubmitRequest as _polyak_v1_SubmitRequest, SubmitRequest__Output as _polyak_v1_SubmitRequest__Output } from '../../polyak/v1/SubmitRequest.js';
import type { SubmitSweepReply as _polyak_v1_SubmitSweepReply, SubmitSweepReply__Output as _polyak_v1_SubmitSweepReply__Output } from '../../polyak/v1/SubmitSweepReply.js';
import type { SubmitSweepRequest as _polyak_v1_SubmitSweepRequest, SubmitSweepRequest__Output as _polyak_v1_SubmitSweepRequest__Output } from '../../polyak/v1/SubmitSweepRequest.js';
import type { TrialLine as _polyak_v1_TrialLine, TrialLine__Output as _polyak_v1_TrialLine__Output } from '../../polyak/v1/TrialLine.js';
import type { TrialReport as _polyak_v1_TrialReport, TrialReport__Output as _polyak_v1_TrialReport__Output } from '../../polyak/v1/TrialReport.js';
import type { WatchRequest as _polyak_v1_WatchRequest, WatchRequest__Output as _polyak_v1_WatchRequest__Output } from '../../polyak/v1/WatchRequest.js';
import type { WatchSweepRequest as _polyak_v1_WatchSweepRequest, WatchSweepRequest__Output as _polyak_v1_WatchSweepRequest__Output } from '../../polyak/v1/WatchSweepRequest.js';
import type { WorkMessage as _polyak_v1_WorkMessage, WorkMessage__Output as _polyak_v1_WorkMessage__Output } from '../../polyak/v1/WorkMessage.js';
import type { WorkReply as _polyak_v1_WorkReply, WorkReply__Output as _polyak_v1_WorkReply__Output } from '../../polyak/v1/WorkReply.js';

export interface CoordinatorClient extends grpc.Client {
  Attend(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_Attendance, _polyak_v1_Order__Output>;
  Attend(options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_Attendance, _polyak_v1_Order__Output>;
  attend(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_Attendance, _polyak_v1_Order__Output>;
  attend(options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_Attendance, _polyak_v1_Order__Output>;
  
  ChangeSweep(argument: _polyak_v1_ChangeSweepRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ChangeSweepReply__Output>): grpc.ClientUnaryCall;
  ChangeSweep(argument: _polyak_v1_ChangeSweepRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_ChangeSweepReply__Output>): grpc.ClientUnaryCall;
  ChangeSweep(argument: _polyak_v1_ChangeSweepRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ChangeSweepReply__Output>): grpc.ClientUnaryCall;
  ChangeSweep(argument: _polyak_v1_ChangeSweepRequest, callback: grpc.requestCallback<_polyak_v1_ChangeSweepReply__Output>): grpc.ClientUnaryCall;
  changeSweep(argument: _polyak_v1_ChangeSweepRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ChangeSweepReply__Output>): grpc.ClientUnaryCall;
  changeSweep(argument: _polyak_v1_ChangeSweepRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_ChangeSweepReply__Output>): grpc.ClientUnaryCall;
  changeSweep(argument: _polyak_v1_ChangeSweepRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ChangeSweepReply__Output>): grpc.ClientUnaryCall;
  changeSweep(argument: _polyak_v1_ChangeSweepRequest, callback: grpc.requestCallback<_polyak_v1_ChangeSweepReply__Output>): grpc.ClientUnaryCall;
  
  ListTrials(argument: _polyak_v1_ListTrialsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ListTrialsReply__Output>): grpc.ClientUnaryCall;
  ListTrials(argument: _polyak_v1_ListTrialsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_ListTrialsReply__Output>): grpc.ClientUnaryCall;
  ListTrials(argument: _polyak_v1_ListTrialsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ListTrialsReply__Output>): grpc.ClientUnaryCall;
  ListTrials(argument: _polyak_v1_ListTrialsRequest, callback: grpc.requestCallback<_polyak_v1_ListTrialsReply__Output>): grpc.ClientUnaryCall;
  listTrials(argument: _polyak_v1_ListTrialsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ListTrialsReply__Output>): grpc.ClientUnaryCall;
  listTrials(argument: _polyak_v1_ListTrialsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_ListTrialsReply__Output>): grpc.ClientUnaryCall;
  listTrials(argument: _polyak_v1_ListTrialsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ListTrialsReply__Output>): grpc.ClientUnaryCall;
  listTrials(argument: _polyak_v1_ListTrialsRequest, callback: grpc.requestCallback<_polyak_v1_ListTrialsReply__Output>): grpc.ClientUnaryCall;
  
  ReadLogs(argument: _polyak_v1_ReadLogsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_RunLogLine__Output>;
  ReadLogs(argument: _polyak_v1_ReadLogsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_RunLogLine__Output>;
  readLogs(argument: _polyak_v1_ReadLogsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_RunLogLine__Output>;
  readLogs(argument: _polyak_v1_ReadLogsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_RunLogLine__Output>;
  
  ReadTrial(argument: _polyak_v1_ReadTrialRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_TrialLine__Output>;
  ReadTrial(argument: _polyak_v1_ReadTrialRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_TrialLine__Output>;
  readTrial(argument: _polyak_v1_ReadTrialRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_TrialLine__Output>;
  readTrial(argument: _polyak_v1_ReadTrialRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_TrialLine__Output>;
  
  Report(argument: _polyak_v1_TrialReport, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ReportReply__Output>): grpc.ClientUnaryCall;
  Report(argument: _polyak_v1_TrialReport, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_ReportReply__Output>): grpc.ClientUnaryCall;
  Report(argument: _polyak_v1_TrialReport, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ReportReply__Output>): grpc.ClientUnaryCall;
  Report(argument: _polyak_v1_TrialReport, callback: grpc.requestCallback<_polyak_v1_ReportReply__Output>): grpc.ClientUnaryCall;
  report(argument: _polyak_v1_TrialReport, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ReportReply__Output>): grpc.ClientUnaryCall;
  report(argument: _polyak_v1_TrialReport, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_ReportReply__Output>): grpc.ClientUnaryCall;
  report(argument: _polyak_v1_TrialReport, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ReportReply__Output>): grpc.ClientUnaryCall;
  report(argument: _polyak_v1_TrialReport, callback: grpc.requestCallback<_polyak_v1_ReportReply__Output>): grpc.ClientUnaryCall;
  
  Status(argument: _polyak_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  Status(argument: _polyak_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  Status(argument: _polyak_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  Status(argument: _polyak_v1_StatusRequest, callback: grpc.requestCallback<_polyak_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  status(argument: _polyak_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  status(argument: _polyak_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  status(argument: _polyak_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  status(argument: _polyak_v1_StatusRequest, callback: grpc.requestCallback<_polyak_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  
  Stop(argument: _polyak_v1_StopRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_StopReply__Output>): grpc.ClientUnaryCall;
  Stop(argument: _polyak_v1_StopRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_StopReply__Output>): grpc.ClientUnaryCall;
  Stop(argument: _polyak_v1_StopRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_StopReply__Output>): grpc.ClientUnaryCall;
  Stop(argument: _polyak_v1_StopRequest, callback: grpc.requestCallback<_polyak_v1_StopReply__Output>): grpc.ClientUnaryCall;
  stop(argument: _polyak_v1_StopRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_StopReply__Output>): grpc.ClientUnaryCall;
  stop(argument: _polyak_v1_StopRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_StopReply__Output>): grpc.ClientUnaryCall;
  stop(argument: _polyak_v1_StopRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_StopReply__Output>): grpc.ClientUnaryCall;
  stop(argument: _polyak_v1_StopRequest, callback: grpc.requestCallback<_polyak_v1_StopReply__Output>): grpc.ClientUnaryCall;
  
  Submit(argument: _polyak_v1_SubmitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_SubmitReply__Output>): grpc.ClientUnaryCall;
  Submit(argument: _polyak_v1_SubmitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_SubmitReply__Output>): grpc.ClientUnaryCall;
  Submit(argument: _polyak_v1_SubmitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_SubmitReply__Output>): grpc.ClientUnaryCall;
  Submit(argument: _polyak_v1_SubmitRequest, callback: grpc.requestCallback<_polyak_v1_SubmitReply__Output>): grpc.ClientUnaryCall;
  submit(argument: _polyak_v1_SubmitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_SubmitReply__Output>): grpc.ClientUnaryCall;
  submit(argument: _polyak_v1_SubmitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_SubmitReply__Output>): grpc.ClientUnaryCall;
  submit(argument: _polyak_v1_SubmitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_SubmitReply__Output>): grpc.ClientUnaryCall;
  submit(argument: _polyak_v1_SubmitRequest, callback: grpc.requestCallback<_polyak_v1_SubmitReply__Output>): grpc.ClientUnaryCall;
  
  SubmitSweep(argument: _polyak_v1_SubmitSweepRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_SubmitSweepReply__Output>): grpc.ClientUnaryCall;
  SubmitSweep(argument: _polyak_v1_SubmitSweepRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_SubmitSweepReply__Output>): grpc.ClientUnaryCall;
  SubmitSweep(argument: _polyak_v1_SubmitSweepRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_SubmitSweepReply__Output>): grpc.ClientUnaryCall;
  SubmitSweep(argument: _polyak_v1_SubmitSweepRequest, callback: grpc.requestCallback<_polyak_v1_SubmitSweepReply__Output>): grpc.ClientUnaryCall;
  submitSweep(argument: _polyak_v1_SubmitSweepRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_SubmitSweepReply__Output>): grpc.ClientUnaryCall;
  submitSweep(argument: _polyak_v1_SubmitSweepRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_SubmitSweepReply__Output>): grpc.ClientUnaryCall;
  submitSweep(argument: _polyak_v1_SubmitSweepRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_SubmitSweepReply__Output>): grpc.ClientUnaryCall;
  submitSweep(argument: _polyak_v1_SubmitSweepRequest, callback: grpc.requestCallback<_polyak_v1_SubmitSweepReply__Output>): grpc.ClientUnaryCall;
  
  Watch(argument: _polyak_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_RunEvent__Output>;
  Watch(argument: _polyak_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_RunEvent__Output>;
  watch(argument: _polyak_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_RunEvent__Output>;
  watch(argument: _polyak_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_RunEvent__Output>;
  
  WatchSweep(argument: _polyak_v1_WatchSweepRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_RunEvent__Output>;
  WatchSweep(argument: _polyak_v1_WatchSweepRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_RunEvent__Output>;
  watchSweep(argument: _polyak_v1_WatchSweepRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_RunEvent__Output>;
  watchSweep(argument: _polyak_v1_WatchSweepRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_polyak_v1_RunEvent__Output>;
  
  Work(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_WorkMessage, _polyak_v1_WorkReply__Output>;
  Work(options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_WorkMessage, _polyak_v1_WorkReply__Output>;
  work(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_WorkMessage, _polyak_v1_WorkReply__Output>;
  work(options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_WorkMessage, _polyak_v1_WorkReply__Output>;
  
}

export interface CoordinatorHandlers extends grpc.UntypedServiceImplementation {
  Attend: grpc.handleBidiStreamingCall<_polyak_v1_Attendance__Output, _polyak_v1_Order>;
  
  ChangeSweep: grpc.handleUnaryCall<_polyak_v1_ChangeSweepRequest__Output, _polyak_v1_ChangeSweepReply>;
  
  ListTrials: grpc.handleUnaryCall<_polyak_v1_ListTrialsRequest__Output, _polyak_v1_ListTrialsReply>;
  
  ReadLogs: grpc.handleServerStreamingCall<_polyak_v1_ReadLogsRequest__Output, _polyak_v1_RunLogLine>;
  
  ReadTrial: grpc.handleServerStreamingCall<_polyak_v1_ReadTrialRequest__Output, _polyak_v1_TrialLine>;
  
  Report: grpc.handleUnaryCall<_polyak_v1_TrialReport__Output, _polyak_v1_ReportReply>;
  
  Status: grpc.handleUnaryCall<_polyak_v1_StatusRequest__Output, _polyak_v1_StatusReply>;
  
  Stop: grpc.handleUnaryCall<_polyak_v1_StopRequest__Output, _polyak_v1_StopReply>;
  
  Submit: grpc.handleUnaryCall<_polyak_v1_SubmitRequest__Output, _polyak_v1_SubmitReply>;
  
  SubmitSweep: grpc.handleUnaryCall<_polyak_v1_SubmitSweepRequest__Output, _polyak_v1_SubmitSweepReply>;
  
  Watch: grpc.handleServerStreamingCall<_polyak_v1_WatchRequest__Output, _polyak_v1_RunEvent>;
  
  WatchSweep: grpc.handleServerStreamingCall<_polyak_v1_WatchSweepRequest__Output, _polyak_v1_RunEvent>;
  
  Work: grpc.handleBidiStreamingCall<_polyak_v1_WorkMessage__Output, _polyak_v1_WorkReply>;
  
}

export interface CoordinatorDefinition extends grpc.ServiceDefinition {
  Attend: MethodDefinition<_polyak_v1_Attendance, _polyak_v1_Order, _polyak_v1_Attendance__Output, _polyak_v1_Order__Output>
  ChangeSweep: MethodDefinition<_polyak_v1_ChangeSweepRequest, _polyak_v1_ChangeSweepReply, _polyak_v1_ChangeSweepRequest__Output, _polyak_v1_ChangeSweepReply__Output>
  ListTrials: MethodDefinition<_polyak_v1_ListTrialsRequest, _polyak_v1_ListTrialsReply, _polyak_v1_ListTrialsRequest__Output, _polyak_v1_ListTrialsReply__Output>
  ReadLogs: MethodDefinition<_polyak_v1_ReadLogsRequest, _polyak_v1_RunLogLine, _polyak_v1_ReadLogsRequest__Output, _polyak_v1_RunLogLine__Output>
  ReadTrial: MethodDefinition<_polyak_v1_ReadTrialRequest, _polyak_v1_TrialLine, _polyak_v1_ReadTrialRequest__Output, _polyak_v1_TrialLine__Output>
  Report: MethodDefinition<_polyak_v1_TrialReport, _polyak_v1_ReportReply, _polyak_v1_TrialReport__Output, _polyak_v1_ReportReply__Output>
  Status: MethodDefinition<_polyak_v1_StatusRequest, _polyak_v1_StatusReply, _polyak_v1_StatusRequest__Output, _polyak_v1_StatusReply__Output>
  Stop: MethodDefinition<_polyak_v1_StopRequest, _polyak_v1_StopReply, _polyak_v1_StopRequest__Output, _polyak_v1_StopReply__Output>
  Submit: MethodDefinition<_polyak_v1_SubmitRequest, _polyak_v1_SubmitReply, _polyak_v1_SubmitRequest__Output, _polyak_v1_SubmitReply__Output>
  SubmitSweep: MethodDefinition<_polyak_v1_SubmitSweepRequest, _polyak_v1_SubmitSweepReply, _polyak_v1_SubmitSweepRequest__Output, _polyak_v1_SubmitSweepReply__Output>
  Watch: MethodDefinition<_polyak_v1_WatchRequest, _polyak_v1_RunEvent, _polyak_v1_WatchRequest__Output, _polyak_v1_RunEvent__Output>
  WatchSweep: MethodDefinition<_polyak_v1_WatchSweepRequest, _polyak_v1_RunEvent, _polyak_v1_WatchSweepRequest__Output, _polyak_v1_RunEvent__Output>
  Work: MethodDefinition<_polyak_v1_WorkMessage, _polyak_v1_WorkReply, _polyak_v1_WorkMessage__Output, _polyak_v1_WorkReply__Output>
}
