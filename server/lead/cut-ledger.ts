/** The cuts under way: which shards know of each, and which have written their file of it. Each is later than those before. */
import { withResolvers } from '../../common/with-resolvers.js';

export interface CutFile {
  file: string;
  bytes: number;
  chunks: number[];
}

interface Cut {
  planned: Set<number>;
  written: Map<number, CutFile>;
  allPlanned: ReturnType<typeof withResolvers<undefined>>;
  allWritten: ReturnType<typeof withResolvers<CutFile[]>>;
}

export class CutLedger {
  /** By step. */
  private readonly cuts = new Map<number, Cut>();

  constructor(private readonly shards: number) {}

  get busy(): boolean {
    return this.cuts.size > 0;
  }

  /** Resolves when fewer than so many are under way: shards keep a copy of all that they hold for each. */
  async fewerThan(most: number): Promise<void> {
    while (this.cuts.size >= most) {
      await Promise.race([...this.cuts.values()].map(async ({ allWritten }) => await allWritten.promise));
    }
  }

  begin(step: number): { planned: Promise<undefined>; written: Promise<CutFile[]> } {
    if (this.cuts.has(step)) throw new Error(`the cut of step ${step} is under way`);
    const allPlanned = withResolvers<undefined>();
    const allWritten = withResolvers<CutFile[]>();
    this.cuts.set(step, { planned: new Set(), written: new Map(), allPlanned, allWritten });
    return { planned: allPlanned.promise, written: allWritten.promise };
  }

  planned(step: number, shard: number): void {
    const cut = this.cuts.get(step);
    cut?.planned.add(shard);
    if (cut?.planned.size === this.shards) cut.allPlanned.resolve(undefined);
  }

  written(step: number, shard: number, file: CutFile): void {
    const cut = this.cuts.get(step);
    cut?.written.set(shard, file);
    if (!cut || cut.written.size < this.shards) return;
    this.cuts.delete(step);
    cut.allWritten.resolve([...cut.written].toSorted(([left], [right]) => left - right).map(([, value]) => value));
  }
}
