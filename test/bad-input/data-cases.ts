/** Data sets that are wrong, each with what the user is told. */
import { expect, it } from 'vitest';
import { PolyakError } from '../../common/errors.js';
import { defineExperiment } from '../../common/experiment/load.js';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import { openDataset } from '../../worker/data/dataset.js';
import { DataFolder, experimentOn, type Files } from './data-files.js';

export interface Case {
  files: Files;
  data?: Record<string, unknown>;
  rest?: Partial<ExperimentInput>;
  /** `@` stands for the folder. */
  message: string;
  code?: string;
}

/** Each with the exact message of opening the data set. */
export function checkAll(source: string, cases: Record<string, () => Case>): void {
  it.each(Object.entries(cases))('%s', async (_, make) => {
    const { files, data, rest, message, code = 'data' } = make();
    const folder = new DataFolder(files);
    const inside = (value: unknown): unknown => {
      if (typeof value === 'string') return value.replaceAll('@', folder.path);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inside(each)]));
    };
    const given = Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, inside(value)]));
    try {
      const input = { source, path: folder.path, ...given } as ExperimentInput['data'];
      const open = async () => await openDataset(defineExperiment(experimentOn(input, rest)));
      const error: unknown = await open().catch((thrown) => thrown);
      expect(error).toBeInstanceOf(PolyakError);
      expect((error as PolyakError).message).toBe(inside(message));
      expect((error as PolyakError).code).toBe(code);
    } finally {
      folder.remove();
    }
  });
}
