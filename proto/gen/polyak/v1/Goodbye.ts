// Original file: polyak/v1/coordinator.proto


export interface Goodbye {
}

export interface Goodbye__Output {
}
