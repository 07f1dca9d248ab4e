import { MemoryUnavailable, UnknownTenant } from '#memory/store/errors.ts';
import type { Filter, Hit, TraceStore } from '#memory/store/trace-store.ts';
import { contextVector, explained, ordered } from './rank.ts';
import type { Near } from './rank.ts';
import type { Ranked, Retrieved } from './retrieved.ts';
import type { RankingModel } from './ranking-model.ts';
import { rankingModelFor } from './shipped-ranking.ts';
import type { Situation } from './situation.ts';

/** How many of the nearest are looked at closely. */
export const NEAREST = 64;

/** What the memory has to say. */
export interface Recollection {
  /** The top κ, the best first. */
  readonly retrieved: readonly Retrieved[];
  /** z^LLM. */
  readonly context: Float32Array;
  /** Why there is nothing, when the memory could not be asked; planning goes on without. */
  readonly without?: string;
}

/**
 * The `count` traces that help most in a situation (lines 3 to 11 of Alg. 1). A memory that cannot be reached, or does not know the
 * tenant, is no error: the answer says so. Other errors are the caller's (another encoder, a wrong dimension).
 */
export async function retrieve(
  store: TraceStore,
  situation: Situation,
  filter: Filter,
  count: number,
  model: RankingModel = rankingModelFor(filter.encoderVersion),
): Promise<Recollection> {
  try {
    const near = await nearTo(store, situation, filter);
    const retrieved = explained(bounded(ordered(situation, near, model), count), situation);
    store.touch(
      retrieved.map((r) => r.trace.id),
      situation.nowMs,
    );
    return { retrieved, context: contextVector(retrieved, situation, model) };
  } catch (error) {
    if (!(error instanceof MemoryUnavailable) && !(error instanceof UnknownTenant)) throw error;
    return { retrieved: [], context: contextVector([], situation), without: error.message };
  }
}

/** The `NEAREST` traces by the vectors alone, read: what `retrieve` ranks. Throws what the store does. */
export async function nearTo(store: TraceStore, situation: Situation, filter: Filter): Promise<Near[]> {
  const hits = await nearest(store, situation, filter);
  const ids = hits.map((h) => h.id);
  const traces = new Map((await store.get(filter.tenant, ids)).map((t) => [t.id, t]));
  return hits.flatMap((hit) => {
    const trace = traces.get(hit.id);
    return trace === undefined ? [] : [{ hit, trace }];
  });
}

/**
 * The nearest, of which others' shared traces are at most half: however many another tenant puts, it cannot crowd a tenant's own
 * memory out. Only when it tries does a second search, of the own traces, cost anything.
 */
async function nearest(store: TraceStore, situation: Situation, filter: Filter): Promise<readonly Hit[]> {
  const all = await store.knn(situation.vector, NEAREST, filter);
  const shared = all.filter((h) => !h.own);
  if (shared.length <= NEAREST / 2) return all;
  const own = await store.knn(situation.vector, NEAREST, { ...filter, ownOnly: true });
  return [...own, ...shared.slice(0, NEAREST / 2)];
}

/** The best `count`, of which others' traces are at most half, rounded down, unless own ones run out. */
function bounded(ranked: readonly Ranked[], count: number): Ranked[] {
  const own = ranked.filter((r) => r.own).length;
  const most = Math.max(Math.floor(count / 2), count - own);
  let shared = 0;
  return ranked.filter((r) => r.own || ++shared <= most).slice(0, count);
}
