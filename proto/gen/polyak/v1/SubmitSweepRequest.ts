// Original file: polyak/v1/coordinator.proto


export interface SubmitSweepRequest {
  'sweepKey'?: (Buffer | Uint8Array | string);
  'name'?: (string);
  'experiment'?: (string);
  'folder'?: (string);
  'directory'?: (string);
  'shards'?: (number);
  'list'?: (string);
  'settings'?: (string);
  'replayOf'?: (Buffer | Uint8Array | string);
  'external'?: (boolean);
}

export interface SubmitSweepRequest__Output {
  'sweepKey': (Buffer);
  'name': (string);
  'experiment': (string);
  'folder': (string);
  'directory': (string);
  'shards': (number);
  'list': (string);
  'settings': (string);
  'replayOf': (Buffer);
  'external': (boolean);
}
