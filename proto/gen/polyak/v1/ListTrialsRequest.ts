// Original file: polyak/v1/coordinator.proto


export interface ListTrialsRequest {
  'sweepKey'?: (Buffer | Uint8Array | string);
  'sort'?: (string);
  'descending'?: (boolean);
  'status'?: (string)[];
  'offset'?: (number);
  'limit'?: (number);
}

export interface ListTrialsRequest__Output {
  'sweepKey': (Buffer);
  'sort': (string);
  'descending': (boolean);
  'status': (string)[];
  'offset': (number);
  'limit': (number);
}
