/** A name of an image, lent to another image for a while: a compose file says names, and what they name may be somebody else's. */
import type { Podman } from './podman.js';

/** Answers with what gives it back. */
export function borrowName(podman: Podman, name: string, image: string): () => void {
  const before = podman.succeeds('image', 'exists', name)
    ? podman.run('image', 'inspect', name, '--format={{.Id}}')
    : undefined;
  podman.run('tag', image, name);
  return () => void podman.run(...(before === undefined ? ['untag', name, name] : ['tag', before, name]));
}
