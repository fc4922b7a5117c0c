// Original file: polyak/v1/parameter_server.proto


export interface Hello {
  'trialKey'?: (Buffer | Uint8Array | string);
  'worker'?: (string);
  'version'?: (string);
}

export interface Hello__Output {
  'trialKey': (Buffer);
  'worker': (string);
  'version': (string);
}
