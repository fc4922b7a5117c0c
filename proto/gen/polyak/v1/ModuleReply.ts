// Original file: polyak/v1/parameter_server.proto


export interface ModuleReply {
  'code'?: (Buffer | Uint8Array | string);
}

export interface ModuleReply__Output {
  'code': (Buffer);
}
