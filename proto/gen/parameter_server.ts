import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Admitted as _polyak_v1_Admitted, Admitted__Output as _polyak_v1_Admitted__Output } from './polyak/v1/Admitted.js';
import type { Begin as _polyak_v1_Begin, Begin__Output as _polyak_v1_Begin__Output } from './polyak/v1/Begin.js';
import type { Begun as _polyak_v1_Begun, Begun__Output as _polyak_v1_Begun__Output } from './polyak/v1/Begun.js';
import type { ChunkFrame as _polyak_v1_ChunkFrame, ChunkFrame__Output as _polyak_v1_ChunkFrame__Output } from './polyak/v1/ChunkFrame.js';
import type { Combination as _polyak_v1_Combination, Combination__Output as _polyak_v1_Combination__Output } from './polyak/v1/Combination.js';
import type { Combine as _polyak_v1_Combine, Combine__Output as _polyak_v1_Combine__Output } from './polyak/v1/Combine.js';
import type { Computed as _polyak_v1_Computed, Computed__Output as _polyak_v1_Computed__Output } from './polyak/v1/Computed.js';
import type { Cut as _polyak_v1_Cut, Cut__Output as _polyak_v1_Cut__Output } from './polyak/v1/Cut.js';
import type { CutDelayed as _polyak_v1_CutDelayed, CutDelayed__Output as _polyak_v1_CutDelayed__Output } from './polyak/v1/CutDelayed.js';
import type { CutPlanned as _polyak_v1_CutPlanned, CutPlanned__Output as _polyak_v1_CutPlanned__Output } from './polyak/v1/CutPlanned.js';
import type { CutWritten as _polyak_v1_CutWritten, CutWritten__Output as _polyak_v1_CutWritten__Output } from './polyak/v1/CutWritten.js';
import type { DataFacts as _polyak_v1_DataFacts, DataFacts__Output as _polyak_v1_DataFacts__Output } from './polyak/v1/DataFacts.js';
import type { DataFile as _polyak_v1_DataFile, DataFile__Output as _polyak_v1_DataFile__Output } from './polyak/v1/DataFile.js';
import type { Describe as _polyak_v1_Describe, Describe__Output as _polyak_v1_Describe__Output } from './polyak/v1/Describe.js';
import type { Draining as _polyak_v1_Draining, Draining__Output as _polyak_v1_Draining__Output } from './polyak/v1/Draining.js';
import type { Ended as _polyak_v1_Ended, Ended__Output as _polyak_v1_Ended__Output } from './polyak/v1/Ended.js';
import type { Failed as _polyak_v1_Failed, Failed__Output as _polyak_v1_Failed__Output } from './polyak/v1/Failed.js';
import type { Fenced as _polyak_v1_Fenced, Fenced__Output as _polyak_v1_Fenced__Output } from './polyak/v1/Fenced.js';
import type { GiveUp as _polyak_v1_GiveUp, GiveUp__Output as _polyak_v1_GiveUp__Output } from './polyak/v1/GiveUp.js';
import type { Heartbeat as _polyak_v1_Heartbeat, Heartbeat__Output as _polyak_v1_Heartbeat__Output } from './polyak/v1/Heartbeat.js';
import type { Held as _polyak_v1_Held, Held__Output as _polyak_v1_Held__Output } from './polyak/v1/Held.js';
import type { Hello as _polyak_v1_Hello, Hello__Output as _polyak_v1_Hello__Output } from './polyak/v1/Hello.js';
import type { LeadMessage as _polyak_v1_LeadMessage, LeadMessage__Output as _polyak_v1_LeadMessage__Output } from './polyak/v1/LeadMessage.js';
import type { Lease as _polyak_v1_Lease, Lease__Output as _polyak_v1_Lease__Output } from './polyak/v1/Lease.js';
import type { LeaseFailed as _polyak_v1_LeaseFailed, LeaseFailed__Output as _polyak_v1_LeaseFailed__Output } from './polyak/v1/LeaseFailed.js';
import type { Leaving as _polyak_v1_Leaving, Leaving__Output as _polyak_v1_Leaving__Output } from './polyak/v1/Leaving.js';
import type { Measured as _polyak_v1_Measured, Measured__Output as _polyak_v1_Measured__Output } from './polyak/v1/Measured.js';
import type { MeasuredChunk as _polyak_v1_MeasuredChunk, MeasuredChunk__Output as _polyak_v1_MeasuredChunk__Output } from './polyak/v1/MeasuredChunk.js';
import type { ModuleReply as _polyak_v1_ModuleReply, ModuleReply__Output as _polyak_v1_ModuleReply__Output } from './polyak/v1/ModuleReply.js';
import type { ModuleRequest as _polyak_v1_ModuleRequest, ModuleRequest__Output as _polyak_v1_ModuleRequest__Output } from './polyak/v1/ModuleRequest.js';
import type { Overflow as _polyak_v1_Overflow, Overflow__Output as _polyak_v1_Overflow__Output } from './polyak/v1/Overflow.js';
import type { ParameterServerClient as _polyak_v1_ParameterServerClient, ParameterServerDefinition as _polyak_v1_ParameterServerDefinition } from './polyak/v1/ParameterServer.js';
import type { PreparationFailed as _polyak_v1_PreparationFailed, PreparationFailed__Output as _polyak_v1_PreparationFailed__Output } from './polyak/v1/PreparationFailed.js';
import type { Progress as _polyak_v1_Progress, Progress__Output as _polyak_v1_Progress__Output } from './polyak/v1/Progress.js';
import type { Proof as _polyak_v1_Proof, Proof__Output as _polyak_v1_Proof__Output } from './polyak/v1/Proof.js';
import type { PushReply as _polyak_v1_PushReply, PushReply__Output as _polyak_v1_PushReply__Output } from './polyak/v1/PushReply.js';
import type { Rate as _polyak_v1_Rate, Rate__Output as _polyak_v1_Rate__Output } from './polyak/v1/Rate.js';
import type { RateKnown as _polyak_v1_RateKnown, RateKnown__Output as _polyak_v1_RateKnown__Output } from './polyak/v1/RateKnown.js';
import type { Reached as _polyak_v1_Reached, Reached__Output as _polyak_v1_Reached__Output } from './polyak/v1/Reached.js';
import type { Refused as _polyak_v1_Refused, Refused__Output as _polyak_v1_Refused__Output } from './polyak/v1/Refused.js';
import type { Scalars as _polyak_v1_Scalars, Scalars__Output as _polyak_v1_Scalars__Output } from './polyak/v1/Scalars.js';
import type { Scale as _polyak_v1_Scale, Scale__Output as _polyak_v1_Scale__Output } from './polyak/v1/Scale.js';
import type { ShardOrder as _polyak_v1_ShardOrder, ShardOrder__Output as _polyak_v1_ShardOrder__Output } from './polyak/v1/ShardOrder.js';
import type { ShardReport as _polyak_v1_ShardReport, ShardReport__Output as _polyak_v1_ShardReport__Output } from './polyak/v1/ShardReport.js';
import type { Shrink as _polyak_v1_Shrink, Shrink__Output as _polyak_v1_Shrink__Output } from './polyak/v1/Shrink.js';
import type { TensorScalars as _polyak_v1_TensorScalars, TensorScalars__Output as _polyak_v1_TensorScalars__Output } from './polyak/v1/TensorScalars.js';
import type { TrustRatio as _polyak_v1_TrustRatio, TrustRatio__Output as _polyak_v1_TrustRatio__Output } from './polyak/v1/TrustRatio.js';
import type { UnitFactors as _polyak_v1_UnitFactors, UnitFactors__Output as _polyak_v1_UnitFactors__Output } from './polyak/v1/UnitFactors.js';
import type { UnitSquares as _polyak_v1_UnitSquares, UnitSquares__Output as _polyak_v1_UnitSquares__Output } from './polyak/v1/UnitSquares.js';
import type { Void as _polyak_v1_Void, Void__Output as _polyak_v1_Void__Output } from './polyak/v1/Void.js';
import type { WeightsRequest as _polyak_v1_WeightsRequest, WeightsRequest__Output as _polyak_v1_WeightsRequest__Output } from './polyak/v1/WeightsRequest.js';
import type { WorkerMessage as _polyak_v1_WorkerMessage, WorkerMessage__Output as _polyak_v1_WorkerMessage__Output } from './polyak/v1/WorkerMessage.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  polyak: {
    v1: {
      Admitted: MessageTypeDefinition<_polyak_v1_Admitted, _polyak_v1_Admitted__Output>
      Begin: MessageTypeDefinition<_polyak_v1_Begin, _polyak_v1_Begin__Output>
      Begun: MessageTypeDefinition<_polyak_v1_Begun, _polyak_v1_Begun__Output>
      ChunkFrame: MessageTypeDefinition<_polyak_v1_ChunkFrame, _polyak_v1_ChunkFrame__Output>
      Combination: MessageTypeDefinition<_polyak_v1_Combination, _polyak_v1_Combination__Output>
      Combine: MessageTypeDefinition<_polyak_v1_Combine, _polyak_v1_Combine__Output>
      Computed: MessageTypeDefinition<_polyak_v1_Computed, _polyak_v1_Computed__Output>
      Cut: MessageTypeDefinition<_polyak_v1_Cut, _polyak_v1_Cut__Output>
      CutDelayed: MessageTypeDefinition<_polyak_v1_CutDelayed, _polyak_v1_CutDelayed__Output>
      CutPlanned: MessageTypeDefinition<_polyak_v1_CutPlanned, _polyak_v1_CutPlanned__Output>
      CutWritten: MessageTypeDefinition<_polyak_v1_CutWritten, _polyak_v1_CutWritten__Output>
      DataFacts: MessageTypeDefinition<_polyak_v1_DataFacts, _polyak_v1_DataFacts__Output>
      DataFile: MessageTypeDefinition<_polyak_v1_DataFile, _polyak_v1_DataFile__Output>
      Describe: MessageTypeDefinition<_polyak_v1_Describe, _polyak_v1_Describe__Output>
      Draining: MessageTypeDefinition<_polyak_v1_Draining, _polyak_v1_Draining__Output>
      Ended: MessageTypeDefinition<_polyak_v1_Ended, _polyak_v1_Ended__Output>
      Failed: MessageTypeDefinition<_polyak_v1_Failed, _polyak_v1_Failed__Output>
      Fenced: MessageTypeDefinition<_polyak_v1_Fenced, _polyak_v1_Fenced__Output>
      GiveUp: MessageTypeDefinition<_polyak_v1_GiveUp, _polyak_v1_GiveUp__Output>
      Heartbeat: MessageTypeDefinition<_polyak_v1_Heartbeat, _polyak_v1_Heartbeat__Output>
      Held: MessageTypeDefinition<_polyak_v1_Held, _polyak_v1_Held__Output>
      Hello: MessageTypeDefinition<_polyak_v1_Hello, _polyak_v1_Hello__Output>
      LeadMessage: MessageTypeDefinition<_polyak_v1_LeadMessage, _polyak_v1_LeadMessage__Output>
      Lease: MessageTypeDefinition<_polyak_v1_Lease, _polyak_v1_Lease__Output>
      LeaseFailed: MessageTypeDefinition<_polyak_v1_LeaseFailed, _polyak_v1_LeaseFailed__Output>
      LeaseKind: EnumTypeDefinition
      Leaving: MessageTypeDefinition<_polyak_v1_Leaving, _polyak_v1_Leaving__Output>
      Measured: MessageTypeDefinition<_polyak_v1_Measured, _polyak_v1_Measured__Output>
      MeasuredChunk: MessageTypeDefinition<_polyak_v1_MeasuredChunk, _polyak_v1_MeasuredChunk__Output>
      ModuleReply: MessageTypeDefinition<_polyak_v1_ModuleReply, _polyak_v1_ModuleReply__Output>
      ModuleRequest: MessageTypeDefinition<_polyak_v1_ModuleRequest, _polyak_v1_ModuleRequest__Output>
      Overflow: MessageTypeDefinition<_polyak_v1_Overflow, _polyak_v1_Overflow__Output>
      ParameterServer: SubtypeConstructor<typeof grpc.Client, _polyak_v1_ParameterServerClient> & { service: _polyak_v1_ParameterServerDefinition }
      PreparationFailed: MessageTypeDefinition<_polyak_v1_PreparationFailed, _polyak_v1_PreparationFailed__Output>
      Progress: MessageTypeDefinition<_polyak_v1_Progress, _polyak_v1_Progress__Output>
      Proof: MessageTypeDefinition<_polyak_v1_Proof, _polyak_v1_Proof__Output>
      PushReply: MessageTypeDefinition<_polyak_v1_PushReply, _polyak_v1_PushReply__Output>
      Rate: MessageTypeDefinition<_polyak_v1_Rate, _polyak_v1_Rate__Output>
      RateKnown: MessageTypeDefinition<_polyak_v1_RateKnown, _polyak_v1_RateKnown__Output>
      Reached: MessageTypeDefinition<_polyak_v1_Reached, _polyak_v1_Reached__Output>
      Refused: MessageTypeDefinition<_polyak_v1_Refused, _polyak_v1_Refused__Output>
      Scalars: MessageTypeDefinition<_polyak_v1_Scalars, _polyak_v1_Scalars__Output>
      Scale: MessageTypeDefinition<_polyak_v1_Scale, _polyak_v1_Scale__Output>
      ShardOrder: MessageTypeDefinition<_polyak_v1_ShardOrder, _polyak_v1_ShardOrder__Output>
      ShardReport: MessageTypeDefinition<_polyak_v1_ShardReport, _polyak_v1_ShardReport__Output>
      Shrink: MessageTypeDefinition<_polyak_v1_Shrink, _polyak_v1_Shrink__Output>
      Split: EnumTypeDefinition
      TensorScalars: MessageTypeDefinition<_polyak_v1_TensorScalars, _polyak_v1_TensorScalars__Output>
      TrustRatio: MessageTypeDefinition<_polyak_v1_TrustRatio, _polyak_v1_TrustRatio__Output>
      UnitFactors: MessageTypeDefinition<_polyak_v1_UnitFactors, _polyak_v1_UnitFactors__Output>
      UnitSquares: MessageTypeDefinition<_polyak_v1_UnitSquares, _polyak_v1_UnitSquares__Output>
      Vector: EnumTypeDefinition
      Void: MessageTypeDefinition<_polyak_v1_Void, _polyak_v1_Void__Output>
      WeightsRequest: MessageTypeDefinition<_polyak_v1_WeightsRequest, _polyak_v1_WeightsRequest__Output>
      WorkerMessage: MessageTypeDefinition<_polyak_v1_WorkerMessage, _polyak_v1_WorkerMessage__Output>
    }
  }
}

