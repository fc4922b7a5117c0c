// Original file: polyak/v1/parameter_server.proto


export interface Draining {
}

export interface Draining__Output {
}
