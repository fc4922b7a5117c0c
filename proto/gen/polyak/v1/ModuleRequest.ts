// Original file: polyak/v1/parameter_server.proto


export interface ModuleRequest {
  'trialKey'?: (Buffer | Uint8Array | string);
  'sha256'?: (string);
}

export interface ModuleRequest__Output {
  'trialKey': (Buffer);
  'sha256': (string);
}
