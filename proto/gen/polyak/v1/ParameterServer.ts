// Original file: polyak/v1/parameter_server.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ChunkFrame as _polyak_v1_ChunkFrame, ChunkFrame__Output as _polyak_v1_ChunkFrame__Output } from '../../polyak/v1/ChunkFrame.js';
import type { LeadMessage as _polyak_v1_LeadMessage, LeadMessage__Output as _polyak_v1_LeadMessage__Output } from '../../polyak/v1/LeadMessage.js';
import type { ModuleReply as _polyak_v1_ModuleReply, ModuleReply__Output as _polyak_v1_ModuleReply__Output } from '../../polyak/v1/ModuleReply.js';
import type { ModuleRequest as _polyak_v1_ModuleRequest, ModuleRequest__Output as _polyak_v1_ModuleRequest__Output } from '../../polyak/v1/ModuleRequest.js';
import type { PushReply as _polyak_v1_PushReply, PushReply__Output as _polyak_v1_PushReply__Output } from '../../polyak/v1/PushReply.js';
import type { ShardOrder as _polyak_v1_ShardOrder, ShardOrder__Output as _polyak_v1_ShardOrder__Output } from '../../polyak/v1/ShardOrder.js';
import type { ShardReport as _polyak_v1_ShardReport, ShardReport__Output as _polyak_v1_ShardReport__Output } from '../../polyak/v1/ShardReport.js';
import type { WeightsRequest as _polyak_v1_WeightsRequest, WeightsRequest__Output as _polyak_v1_WeightsRequest__Output } from '../../polyak/v1/WeightsRequest.js';
import type { WorkerMessage as _polyak_v1_WorkerMessage, WorkerMessage__Output as _polyak_v1_WorkerMessage__Output } from '../../polyak/v1/WorkerMessage.js';

export interface ParameterServerClient extends grpc.Client {
  Control(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_WorkerMessage, _polyak_v1_LeadMessage__Output>;
  Control(options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_WorkerMessage, _polyak_v1_LeadMessage__Output>;
  control(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_WorkerMessage, _polyak_v1_LeadMessage__Output>;
  control(options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_WorkerMessage, _polyak_v1_LeadMessage__Output>;
  
  FetchModule(argument: _polyak_v1_ModuleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ModuleReply__Output>): grpc.ClientUnaryCall;
  FetchModule(argument: _polyak_v1_ModuleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_ModuleReply__Output>): grpc.ClientUnaryCall;
  FetchModule(argument: _polyak_v1_ModuleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ModuleReply__Output>): grpc.ClientUnaryCall;
  FetchModule(argument: _polyak_v1_ModuleRequest, callback: grpc.requestCallback<_polyak_v1_ModuleReply__Output>): grpc.ClientUnaryCall;
  fetchModule(argument: _polyak_v1_ModuleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ModuleReply__Output>): grpc.ClientUnaryCall;
  fetchModule(argument: _polyak_v1_ModuleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_polyak_v1_ModuleReply__Output>): grpc.ClientUnaryCall;
  fetchModule(argument: _polyak_v1_ModuleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_polyak_v1_ModuleReply__Output>): grpc.ClientUnaryCall;
  fetchModule(argument: _polyak_v1_ModuleRequest, callback: grpc.requestCallback<_polyak_v1_ModuleReply__Output>): grpc.ClientUnaryCall;
  
  Follow(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_ShardOrder, _polyak_v1_ShardReport__Output>;
  Follow(options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_ShardOrder, _polyak_v1_ShardReport__Output>;
  follow(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_ShardOrder, _polyak_v1_ShardReport__Output>;
  follow(options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_ShardOrder, _polyak_v1_ShardReport__Output>;
  
  Push(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_ChunkFrame, _polyak_v1_PushReply__Output>;
  Push(options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_ChunkFrame, _polyak_v1_PushReply__Output>;
  push(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_ChunkFrame, _polyak_v1_PushReply__Output>;
  push(options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_ChunkFrame, _polyak_v1_PushReply__Output>;
  
  Weights(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_WeightsRequest, _polyak_v1_ChunkFrame__Output>;
  Weights(options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_WeightsRequest, _polyak_v1_ChunkFrame__Output>;
  weights(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_WeightsRequest, _polyak_v1_ChunkFrame__Output>;
  weights(options?: grpc.CallOptions): grpc.ClientDuplexStream<_polyak_v1_WeightsRequest, _polyak_v1_ChunkFrame__Output>;
  
}

export interface ParameterServerHandlers extends grpc.UntypedServiceImplementation {
  Control: grpc.handleBidiStreamingCall<_polyak_v1_WorkerMessage__Output, _polyak_v1_LeadMessage>;
  
  FetchModule: grpc.handleUnaryCall<_polyak_v1_ModuleRequest__Output, _polyak_v1_ModuleReply>;
  
  Follow: grpc.handleBidiStreamingCall<_polyak_v1_ShardOrder__Output, _polyak_v1_ShardReport>;
  
  Push: grpc.handleBidiStreamingCall<_polyak_v1_ChunkFrame__Output, _polyak_v1_PushReply>;
  
  Weights: grpc.handleBidiStreamingCall<_polyak_v1_WeightsRequest__Output, _polyak_v1_ChunkFrame>;
  
}

export interface ParameterServerDefinition extends grpc.ServiceDefinition {
  Control: MethodDefinition<_polyak_v1_WorkerMessage, _polyak_v1_LeadMessage, _polyak_v1_WorkerMessage__Output, _polyak_v1_LeadMessage__Output>
  FetchModule: MethodDefinition<_polyak_v1_ModuleRequest, _polyak_v1_ModuleReply, _polyak_v1_ModuleRequest__Output, _polyak_v1_ModuleReply__Output>
  Follow: MethodDefinition<_polyak_v1_ShardOrder, _polyak_v1_ShardReport, _polyak_v1_ShardOrder__Output, _polyak_v1_ShardReport__Output>
  Push: MethodDefinition<_polyak_v1_ChunkFrame, _polyak_v1_PushReply, _polyak_v1_ChunkFrame__Output, _polyak_v1_PushReply__Output>
  Weights: MethodDefinition<_polyak_v1_WeightsRequest, _polyak_v1_ChunkFrame, _polyak_v1_WeightsRequest__Output, _polyak_v1_ChunkFrame__Output>
}
