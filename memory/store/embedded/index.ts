import type { Filter, Hit } from '#memory/store/trace-store.ts';
import { IndexShard, byNearness } from './index-shard.ts';
import type { Entry, Passes } from './index-shard.ts';
import { ALIVE, SHAREABLE } from './segment.ts';

/** A trace for the index, with names where `Entry` has numbers. */
export interface Listed extends Omit<Entry, 'tenant' | 'slice'> {
  readonly tenant: string;
  readonly region: string;
  readonly slice: string;
}

/** Where the index has a trace. */
export interface Located {
  readonly row: number;
  readonly vector: Float32Array;
}

/** Hits whose places are remembered: those of the last searches, which are read next. */
const REMEMBERED = 1024;

/** Numbers for names. */
class Names {
  readonly #numbers = new Map<string, number>();
  number(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#numbers.size + 1);
    return this.#numbers.size;
  }
  /** 0 when nobody has the name. */
  known(name: string): number {
    return this.#numbers.get(name) ?? 0;
  }
}

/** The vectors of all regions, a shard each. Always made from the store, never stored: it cannot be older than what it indexes. */
export class VectorIndex {
  readonly #dimension: number;
  readonly #names = new Names();
  readonly shards = new Map<string, IndexShard>();
  readonly #places = new Map<string, { shard: IndexShard; slot: number; row: number }>();

  constructor(dimension: number) {
    this.#dimension = dimension;
  }

  get size(): number {
    return [...this.shards.values()].reduce((sum, s) => sum + s.size, 0);
  }

  get bytes(): number {
    return [...this.shards.values()].reduce((sum, s) => sum + s.bytes, 0);
  }

  add(trace: Listed): void {
    let shard = this.shards.get(trace.region);
    if (shard === undefined) {
      shard = new IndexShard(this.#dimension);
      this.shards.set(trace.region, shard);
    }
    shard.add({ ...trace, tenant: this.#names.number(trace.tenant), slice: this.#names.number(trace.slice) });
  }

  /** Where a row is kept. */
  find(row: number, region: string): { shard: IndexShard; slot: number } | undefined {
    const shard = this.shards.get(region);
    const slot = shard?.slotOf(row) ?? -1;
    return shard === undefined || slot < 0 ? undefined : { shard, slot };
  }

  /** No search returns the row any more; looks at every slot. */
  kill(row: number): void {
    for (const shard of this.shards.values()) {
      const slot = shard.slotOf(row);
      if (slot >= 0) shard.kill(slot);
    }
  }

  search(vector: Float32Array, k: number, filter: Filter): Hit[] {
    const tenant = this.#names.known(filter.tenant);
    const passes = this.#passes(filter, tenant);
    const chosen = filter.shard === undefined ? [...this.shards.values()] : [this.shards.get(filter.shard)];
    const found = chosen
      .flatMap((shard) => shard?.search(vector, k, passes).map((c) => ({ ...c, shard })) ?? [])
      .sort(byNearness)
      .slice(0, k);
    if (this.#places.size > REMEMBERED) this.#places.clear();
    return found.map(({ id, similarity, reward, tenant: whose, shard, slot, row }) => {
      this.#places.set(id, { shard, slot, row });
      return { id, similarity, reward, own: whose === tenant };
    });
  }

  /** Row and vector of a trace that a late search has found; undefined when nobody has, or it is gone. */
  locate(id: string): Located | undefined {
    const place = this.#places.get(id);
    if (place === undefined) return undefined;
    const { shard, slot, row } = place;
    if (shard.rowAt(slot) !== row || shard.idAt(slot) !== id) return undefined;
    return { row, vector: shard.vectorAt(slot) };
  }

  #passes(filter: Filter, tenant: number): Passes {
    const since = filter.sinceMs ?? -Infinity;
    const reward = filter.minReward ?? -Infinity;
    const slice = filter.slice === undefined ? undefined : this.#names.known(filter.slice);
    const shared = filter.ownOnly === true ? 0 : SHAREABLE;
    return (segment, i) => {
      const flags = segment.flags[i] ?? 0;
      if ((flags & ALIVE) === 0) return false;
      if (segment.tenants[i] !== tenant && (flags & shared) === 0) return false;
      if (slice !== undefined && segment.slices[i] !== slice) return false;
      return (segment.createdMs[i] ?? 0) >= since && (segment.rewards[i] ?? 0) >= reward;
    };
  }
}
