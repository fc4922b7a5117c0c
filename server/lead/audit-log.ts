/**
 * For audits, with POLYAK_AUDIT=1 in the server's environment: a line for every step that the trial takes, in
 * `audit.jsonl` in the folder of its checkpoints, naming the subtrees that the step's gradient is made of and who computed
 * each. A step that a later incarnation replays has a line of each; the line of the highest incarnation is what counts.
 */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isBucket } from '../../common/checkpoint-location.js';
import type { Tile } from './round.js';

export interface AuditLine {
  incarnation: number;
  /** From 0. */
  step: number;
  /** Left to right. Samples are counted by the worker, one by one. */
  tiles: { firstLeaf: number; leaves: number; samples: number; worker: string }[];
}

export interface AuditLog {
  step(incarnation: number, step: number, tiles: readonly Tile[]): Promise<void>;
}

/** Undefined unless it was asked for, and for checkpoints in a bucket. */
export function openAuditLog(directory: string): AuditLog | undefined {
  // Lines cannot be added to an object of a bucket.
  if (process.env['POLYAK_AUDIT'] !== '1' || isBucket(directory)) return undefined;
  return {
    step: async (incarnation, step, tiles) => {
      const line: AuditLine = {
        incarnation,
        step,
        tiles: tiles.map(({ node, header }) => ({
          firstLeaf: node.first,
          leaves: node.leaves,
          samples: header.samples,
          worker: header.worker,
        })),
      };
      await appendFile(join(directory, 'audit.jsonl'), `${JSON.stringify(line)}\n`);
    },
  };
}
