// Original file: polyak/v1/parameter_server.proto


export interface Heartbeat {
}

export interface Heartbeat__Output {
}
