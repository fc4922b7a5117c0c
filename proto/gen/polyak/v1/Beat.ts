// Original file: polyak/v1/coordinator.proto


export interface Beat {
}

export interface Beat__Output {
}
