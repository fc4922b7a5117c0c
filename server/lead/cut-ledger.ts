/** The cut under way: which shards know of it, and which have written their file. One at a time. */
import { withResolvers } from '../../common/with-resolvers.js';

export interface CutFile {
  file: string;
  bytes: number;
  chunks: number[];
}

export class CutLedger {
  private current:
    | {
        step: number;
        planned: Set<number>;
        written: Map<number, CutFile>;
        allPlanned: ReturnType<typeof withResolvers<undefined>>;
        allWritten: ReturnType<typeof withResolvers<CutFile[]>>;
      }
    | undefined;

  constructor(private readonly shards: number) {}

  get busy(): boolean {
    return this.current !== undefined;
  }

  async idle(): Promise<void> {
    await this.current?.allWritten.promise;
  }

  begin(step: number): { planned: Promise<undefined>; written: Promise<CutFile[]> } {
    if (this.current) throw new Error(`the cut of step ${this.current.step} is not written yet`);
    const allPlanned = withResolvers<undefined>();
    const allWritten = withResolvers<CutFile[]>();
    this.current = { step, planned: new Set(), written: new Map(), allPlanned, allWritten };
    return { planned: allPlanned.promise, written: allWritten.promise };
  }

  planned(step: number, shard: number): void {
    if (this.current?.step !== step) return;
    this.current.planned.add(shard);
    if (this.current.planned.size === this.shards) this.current.allPlanned.resolve(undefined);
  }

  written(step: number, shard: number, file: CutFile): void {
    const cut = this.current;
    if (cut?.step !== step) return;
    cut.written.set(shard, file);
    if (cut.written.size < this.shards) return;
    this.current = undefined;
    cut.allWritten.resolve([...cut.written].toSorted(([left], [right]) => left - right).map(([, value]) => value));
  }
}
