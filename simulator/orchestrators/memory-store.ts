import { admitted, checkedQuery } from '#memory/store/admission.ts';
import type { Space } from '#memory/store/admission.ts';
import { UnknownTenant } from '#memory/store/errors.ts';
import { byPriority, priority } from '#memory/store/priority.ts';
import { MOST_NEIGHBOURS } from '#memory/store/trace-store.ts';
import type {
  Added,
  Expired,
  ExpiryPolicy,
  Filter,
  Hit,
  Neighbours,
  Reembed,
  Stats,
  TraceStore,
} from '#memory/store/trace-store.ts';
import { dagHash } from '#memory/trace/seal.ts';
import { withoutMetadata } from '#memory/trace/shared.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { cosine } from '#memory/trace/vector.ts';

interface Kept {
  readonly trace: Trace;
  readonly dag: string;
  uses: number;
  usedMs: number;
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** A memory for one run of the simulator: the answers of the other stores, from plain arrays, gone with the process. */
export class RunStore implements TraceStore {
  readonly #space: Space;
  readonly #reembed: Reembed | undefined;
  readonly #kept = new Map<string, Kept>();
  readonly #tenants = new Set<string>();

  constructor(space: Space, reembed?: Reembed) {
    this.#space = space;
    this.#reembed = reembed;
  }

  async put(traces: readonly Trace[]): Promise<Added> {
    const ready = await admitted(traces, this.#space, this.#reembed);
    let added = 0;
    for (const trace of ready.traces) {
      this.#tenants.add(trace.tenant);
      if (this.#kept.has(trace.id)) continue;
      this.#kept.set(trace.id, { trace, dag: dagHash(trace.dag), uses: 0, usedMs: 0 });
      added++;
    }
    return { added, known: ready.traces.length - added, reembedded: ready.reembedded };
  }

  async admit(tenant: string): Promise<void> {
    this.#tenants.add(tenant);
  }

  async knn(vector: ArrayLike<number>, k: number, filter: Filter): Promise<readonly Hit[]> {
    const query = checkedQuery(vector, k, filter.encoderVersion, this.#space);
    const { tenant, shard, slice, sinceMs = -Infinity, minReward = -Infinity, ownOnly = false } = filter;
    return this.#seen(tenant)
      .filter(
        ({ trace }) =>
          (shard === undefined || trace.region === shard) &&
          (slice === undefined || trace.slice === slice) &&
          trace.createdMs >= sinceMs &&
          trace.realisedUtility >= minReward &&
          (!ownOnly || trace.tenant === tenant),
      )
      .map(({ trace }): Hit => {
        const similarity = cosine(query, trace.vector);
        return { id: trace.id, similarity, reward: trace.realisedUtility, own: trace.tenant === tenant };
      })
      .toSorted((a, b) => b.similarity - a.similarity || byText(a.id, b.id))
      .slice(0, k);
  }

  async get(tenant: string, ids: readonly string[]): Promise<readonly Trace[]> {
    const seen = new Set(this.#seen(tenant));
    return ids.flatMap((id) => {
      const kept = this.#kept.get(id);
      if (kept === undefined || !seen.has(kept)) return [];
      return [kept.trace.tenant === tenant ? kept.trace : withoutMetadata(kept.trace)];
    });
  }

  async neighbours(tenant: string, id: string): Promise<Neighbours | undefined> {
    const seen = this.#seen(tenant);
    const one = seen.find(({ trace }) => trace.id === id);
    if (one === undefined) return undefined;
    const own = one.trace.tenant === tenant;
    const others = seen.filter((kept) => kept !== one).map(({ trace, dag }) => ({ trace, dag }));
    const replaced = own ? one.trace.replanOf : undefined;
    return {
      sameDag: others
        .filter(({ dag }) => dag === one.dag)
        .toSorted((a, b) => b.trace.createdMs - a.trace.createdMs || byText(a.trace.id, b.trace.id))
        .slice(0, MOST_NEIGHBOURS)
        .map(({ trace }) => trace.id),
      replanOf: others.some(({ trace }) => trace.id === replaced) ? replaced : undefined,
      replannedBy: others
        .filter(({ trace }) => trace.tenant === tenant && trace.replanOf === id)
        .map(({ trace }) => trace.id)
        .toSorted(byText)
        .slice(0, MOST_NEIGHBOURS),
      placedOn: [...new Set(one.trace.map.placements.map(({ node }) => node))].toSorted(byText),
    };
  }

  touch(ids: readonly string[], nowMs: number): void {
    for (const id of ids) {
      const kept = this.#kept.get(id);
      if (kept === undefined) continue;
      kept.uses++;
      kept.usedMs = nowMs;
    }
  }

  async settled(): Promise<void> {}

  async remove(ids: readonly string[]): Promise<number> {
    return ids.filter((id) => this.#kept.delete(id)).length;
  }

  async expire({ nowMs, ttlMs = Infinity, maxPerShard = Infinity }: ExpiryPolicy): Promise<Expired> {
    const old = [...this.#kept.values()].filter(({ trace }) => nowMs - trace.createdMs > ttlMs);
    const aged = await this.remove(old.map(({ trace }) => trace.id));
    let evicted = 0;
    for (const shard of Map.groupBy(this.#kept.values(), ({ trace }) => trace.region).values()) {
      const order = shard.map(({ trace: { id, createdMs, realisedUtility: reward }, uses, usedMs }) => {
        return { id, createdMs, priority: priority({ reward, createdMs, usedMs, uses }, nowMs) };
      });
      const most = Math.max(0, order.length - maxPerShard);
      const least = order.toSorted(byPriority).slice(0, most);
      evicted += await this.remove(least.map(({ id }) => id));
    }
    return { aged, evicted };
  }

  async stats(): Promise<Stats> {
    const count = (of: (trace: Trace) => string, names: Iterable<string> = []): Map<string, number> => {
      const counts = new Map([...names].map((name) => [name, 0]));
      for (const { trace } of this.#kept.values()) counts.set(of(trace), (counts.get(of(trace)) ?? 0) + 1);
      return new Map([...counts].toSorted(([a], [b]) => byText(a, b)));
    };
    return {
      traces: this.#kept.size,
      stale: 0,
      embeddable: 0,
      ...this.#space,
      shards: count((trace) => trace.region),
      tenants: count((trace) => trace.tenant, this.#tenants),
      diskBytes: 0,
      memoryBytes: 4 * this.#space.dimension * this.#kept.size,
    };
  }

  async *export(tenant: string | undefined): AsyncIterable<Trace> {
    for (const id of [...this.#kept.keys()].toSorted(byText)) {
      const trace = this.#kept.get(id)?.trace;
      if (trace !== undefined && (tenant === undefined || trace.tenant === tenant)) yield trace;
    }
  }

  async close(): Promise<void> {}

  /** What a tenant may see at all. */
  #seen(tenant: string): Kept[] {
    if (!this.#tenants.has(tenant)) throw new UnknownTenant(tenant);
    return [...this.#kept.values()].filter(({ trace }) => trace.tenant === tenant || trace.shareable);
  }
}
