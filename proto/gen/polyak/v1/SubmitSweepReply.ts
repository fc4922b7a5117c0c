// Original file: polyak/v1/coordinator.proto


export interface SubmitSweepReply {
}

export interface SubmitSweepReply__Output {
}
