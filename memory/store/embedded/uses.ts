import type { VectorIndex } from './index.ts';
import type { FileReader } from './read.ts';
import type { Order } from './order.ts';

type Use = { readonly uses: number; readonly usedMs: number };

/** Uses of traces that are neither in the index nor on the disk yet: a touch costs nothing until traces are to go. */
export class Uses {
  readonly #touched = new Map<string, Use>();

  add(ids: readonly string[], nowMs: number): void {
    for (const id of ids)
      this.#touched.set(id, { uses: (this.#touched.get(id)?.uses ?? 0) + 1, usedMs: nowMs });
  }

  /** Moves them into the index; the order that writes them down, if there is anything to write. */
  settle(reader: FileReader, index: VectorIndex): Order | undefined {
    const byRegion = new Map<string, Map<number, Use>>();
    for (const [id, use] of this.#touched) {
      const at = reader.rowOf(id);
      if (at === undefined) continue;
      const rows = byRegion.get(at.region) ?? new Map<number, Use>();
      byRegion.set(at.region, rows.set(at.row, use));
    }
    this.#touched.clear();
    const uses = [...byRegion].flatMap(([region, rows]) => index.shards.get(region)?.used(rows) ?? []);
    return uses.length === 0 ? undefined : { kind: 'touch', uses };
  }
}
