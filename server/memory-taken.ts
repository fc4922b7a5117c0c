/** A trial has no room on a shard at present, though it would have if it were alone: other trials hold the memory. */
import { PolyakError } from '../common/errors.js';

export class MemoryTaken extends PolyakError {
  constructor(message: string, options?: ErrorOptions) {
    super('exhausted', message, options);
  }
}
