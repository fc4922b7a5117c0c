// Original file: polyak/v1/coordinator.proto


export interface ReportReply {
}

export interface ReportReply__Output {
}
