/** The Secrets that a chart renders, as files: what a kubelet makes of a volume of the kind `secret`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from './manifest.js';

export interface SecretItem {
  key: string;
  /** The file's name. */
  path: string;
}

/** Answers with the files. Errors: none of that name is rendered, as where somebody else makes it. */
export function writeSecret(
  manifests: readonly Manifest[],
  name: string,
  folder: string,
  items?: readonly SecretItem[],
): string[] {
  const secret = manifests.find(({ kind, metadata }) => kind === 'Secret' && metadata.name === name);
  if (!secret) throw new Error(`the chart renders no Secret '${name}'`);
  mkdirSync(folder, { recursive: true });
  const contents: [string, Buffer][] = [
    ...Object.entries(secret.data ?? {}).map(([key, text]): [string, Buffer] => [key, Buffer.from(text, 'base64')]),
    ...Object.entries(secret.stringData ?? {}).map(([key, text]): [string, Buffer] => [key, Buffer.from(text)]),
  ];
  const all = items ?? contents.map(([key]) => ({ key, path: key }));
  return all.map(({ key, path }) => {
    const content = contents.find(([own]) => own === key)?.[1];
    if (!content) throw new Error(`the Secret '${name}' has no '${key}'`);
    writeFileSync(join(folder, path), content);
    return join(folder, path);
  });
}
