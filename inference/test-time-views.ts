/**
 * Test-time augmentation: the views of a picture whose mean prediction is taken instead of its own. They are boxes of the
 * preprocessed picture, resized to what the model takes, and their mirrors; nothing of it is random.
 */
import { PolyakError } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';
import { preprocessPlan } from '../common/preprocessing/preprocess-plan.js';
import {
  boxMap,
  compose,
  identityMap,
  mirrorMap,
  type AffineMap,
  type PictureSize,
} from '../worker/data/augment/affine-map.js';
import { PictureWarp } from './picture-warp.js';

interface Kind {
  /** Of the sides that a view shows; what is meant unless it is given. */
  parts: readonly number[];
  partMax: number;
  isMirroring: boolean;
  maps: (parts: readonly number[], size: PictureSize) => AffineMap[];
}

const corners = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
  [0.5, 0.5],
] as const;

/** 224 of 256 pixels, as AlexNet had it. */
const usualPart = 0.875;

const fiveCrop = (parts: readonly number[], size: PictureSize) =>
  corners.map(([x, y]) => boxAt(parts[0] ?? usualPart, x, y, size));

const kinds: Readonly<Record<string, Kind>> = {
  mirror: { parts: [], partMax: 0, isMirroring: true, maps: (_, size) => withMirrors([identityMap], size) },
  fiveCrop: { parts: [usualPart], partMax: 1, isMirroring: false, maps: fiveCrop },
  tenCrop: {
    ...{ parts: [usualPart], partMax: 1, isMirroring: true },
    maps: (parts, size) => withMirrors(fiveCrop(parts, size), size),
  },
  multiScale: {
    ...{ parts: [1, 0.875, 0.75], partMax: 2, isMirroring: false },
    maps: (parts, size) => parts.map((part) => boxAt(part, 0.5, 0.5, size)),
  },
};

/** Of what views are made. */
export interface ViewedSamples {
  /** Before preprocessing. */
  shape: readonly number[];
  preprocess: Experiment['preprocess'];
}

const partMin = 0.1;
const scalesMax = 16;

export class TestTimeViews {
  private constructor(
    private readonly maps: readonly AffineMap[],
    private readonly warp: PictureWarp,
    /** Whether pictures are seen from behind, too. */
    readonly isMirroring: boolean,
  ) {}

  /**
   * `mirror`, `fiveCrop`, `tenCrop`, `multiScale`; with parts of the sides after a colon: `tenCrop:0.8`,
   * `multiScale:1,0.9,0.8`. Errors: `usage`, also for samples that are no pictures.
   */
  static for(text: string, { shape, preprocess }: ViewedSamples, countMax: number): TestTimeViews {
    const { kind, parts } = parse(text);
    const [height = 0, width = 0, channels = 0] = shape;
    if (shape.length !== 3) {
      const found = `the run's samples are [${shape.join(', ')}]`;
      throw new PolyakError('usage', `--augment ${text}: is for images [height, width, channels], ${found}`);
    }
    const fixed = placesFixedBy(preprocess);
    if (fixed !== undefined) {
      const way = 'leave --augment out, or train with preprocess: [{ standardise: channel }]';
      throw new PolyakError('usage', `--augment ${text}: is of preprocessed pictures, but the run's ${fixed}; ${way}`);
    }
    const maps = kind.maps(parts, { height, width });
    return new TestTimeViews(maps, new PictureWarp([height, width, channels], countMax), kind.isMirroring);
  }

  get count(): number {
    return this.maps.length;
  }

  /** Of preprocessed samples; each view is valid until the next is asked for. */
  of(inputs: Float32Array, count: number): Iterable<Float32Array> {
    return this.warp.each(inputs, count, this.maps);
  }
}

function parse(text: string): { kind: Kind; parts: readonly number[] } {
  const [name = '', given, ...rest] = text.split(':');
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (!kind || rest.length > 0) {
    const there = Object.keys(kinds).join(', ');
    throw new PolyakError('usage', `--augment ${text}: is none of ${there}, nor one with parts, such as tenCrop:0.8`);
  }
  if (given === undefined) return { kind, parts: kind.parts };
  if (kind.partMax === 0)
    throw new PolyakError('usage', `--augment ${text}: ${name} takes no part; leave ':${given}' out`);
  const parts = given.split(',').map(Number);
  const isRight = (part: number) => part >= partMin && part <= kind.partMax;
  if (!parts.every(isRight)) {
    const range = `from ${partMin} to ${kind.partMax}`;
    throw new PolyakError(
      'usage',
      `--augment ${text}: parts of the sides are ${range}, such as ${name}:${kind.parts.join(',')}`,
    );
  }
  const most = name === 'multiScale' ? scalesMax : 1;
  if (parts.length > most) {
    throw new PolyakError('usage', `--augment ${text}: has ${parts.length} parts, the most is ${most}`);
  }
  return { kind, parts };
}

/** What no longer lets a value be moved from one place to another; undefined where nothing does. */
function placesFixedBy(preprocess: Experiment['preprocess']): string | undefined {
  const { pca, rotates, standardise } = preprocessPlan(preprocess);
  if (rotates) return `${pca ? 'pca' : 'whiten'} has made vectors without places of them`;
  return standardise === 'feature' ? 'standardise: feature gives every place a scale of its own' : undefined;
}

/** `x` and `y` say where what is left over goes: 0 to the right and below, 1 to the left and above. */
function boxAt(part: number, x: number, y: number, size: PictureSize): AffineMap {
  const [width, height] = [part * size.width, part * size.height];
  return boxMap({ left: x * (size.width - width), top: y * (size.height - height), width, height }, size);
}

function withMirrors(maps: readonly AffineMap[], size: PictureSize): AffineMap[] {
  return [...maps, ...maps.map((map) => compose(mirrorMap(size), map))];
}
