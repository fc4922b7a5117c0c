/** A folder of few pictures of each class, drawn from CIFAR-10, and one of held-out pictures beside it. */
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CounterRandom, Purpose } from '../../common/random.js';

export interface FewPictures {
  path: string;
  /** The same for every draw. */
  held: string;
}

/** `cifar` has train/ and test/, a folder for each class; `draw` counts from 1. */
export function drawPictures(
  { cifar, target }: { cifar: string; target: string },
  { perClass, heldPerClass, draw }: { perClass: number; heldPerClass: number; draw: number },
): FewPictures {
  const path = join(target, `draw-${draw}`);
  const held = join(target, 'held');
  for (const [label, name] of readdirSync(join(cifar, 'train')).toSorted().entries()) {
    const random = new CounterRandom(231, Purpose.test, draw, label);
    copy(join(cifar, 'train', name), join(path, name), (names) => sample(names, perClass, random));
    copy(join(cifar, 'test', name), join(held, name), (names) => names.slice(0, heldPerClass));
  }
  return { path, held };
}

function copy(from: string, to: string, choose: (names: string[]) => string[]): void {
  mkdirSync(to, { recursive: true });
  for (const name of choose(readdirSync(from).toSorted())) copyFileSync(join(from, name), join(to, name));
}

function sample(names: string[], count: number, random: CounterRandom): string[] {
  const left = [...names];
  return Array.from({ length: count }, () => left.splice(random.integer(left.length), 1)[0] ?? '');
}
