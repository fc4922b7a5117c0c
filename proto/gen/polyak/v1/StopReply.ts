// Original file: polyak/v1/coordinator.proto


export interface StopReply {
}

export interface StopReply__Output {
}
