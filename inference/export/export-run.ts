/** Writes a trained run in a format that others read, with metadata.json beside it. */
import { mkdir, open, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PolyakError } from '../../common/errors.js';
import type { TrainedRun } from '../trained-run.js';
import type { ExportFormat } from './format.js';
import { inferenceGraph } from './graph.js';
import { metadataOf } from './metadata.js';
import { toOnnx } from './onnx/onnx.js';
import type { Quantisation } from './quantise.js';
import { toSafetensors } from './safetensors.js';
import { toTfjs } from './tfjs.js';

export interface ExportOptions {
  format: ExportFormat;
  quantise?: Quantisation;
  /** Folder; `export/<format>` in the run's unless given. Files of the same name in it are replaced. */
  out?: string;
}

export interface ExportedFile {
  name: string;
  /** The content, one behind the other. */
  parts: Uint8Array[];
}

export interface Exported {
  /** Folder. */
  out: string;
  files: { name: string; bytes: number }[];
}

/** Errors: `usage` for a layer that the format has no word for, or a folder that cannot be written. */
export async function exportRun(run: TrainedRun, options: ExportOptions): Promise<Exported> {
  const { format, quantise } = options;
  const metadata = await metadataOf(run, options);
  const graph = await inferenceGraph(run);
  const out = resolve(options.out ?? join(run.folder, 'export', format));
  const exported = {
    safetensors: () => toSafetensors(graph, quantise, asStrings(metadata)),
    tfjs: () => toTfjs(graph, quantise, metadata),
    onnx: () => toOnnx(graph, quantise, asStrings(metadata)),
  }[format]();
  const description = { name: 'metadata.json', parts: [Buffer.from(`${JSON.stringify(metadata, null, 2)}\n`)] };
  const files: Exported['files'] = [];
  for (const file of [...exported, description]) {
    await write(out, file);
    files.push({ name: file.name, bytes: file.parts.reduce((sum, part) => sum + part.length, 0) });
  }
  return { out, files };
}

/** A reader sees the old file or the new one. */
async function write(folder: string, { name, parts }: ExportedFile): Promise<void> {
  const path = join(folder, name);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(`${path}.partial`, 'w');
    try {
      for (const part of parts) await handle.writeFile(part);
    } finally {
      await handle.close();
    }
    await rename(`${path}.partial`, path);
  } catch (error) {
    throw new PolyakError('usage', `--out: ${path} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

/** For formats whose metadata are text. */
function asStrings(metadata: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(metadata);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
