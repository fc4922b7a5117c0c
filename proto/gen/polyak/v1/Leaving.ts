// Original file: polyak/v1/parameter_server.proto


export interface Leaving {
}

export interface Leaving__Output {
}
