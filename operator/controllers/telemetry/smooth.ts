import { quantity } from '#crds/quantity.ts';
import type { CachedDag } from '../../objects.ts';
import type { Calls, Measured } from '../../telemetry/measured.ts';
import { entriesOf } from '../../telemetry/series.ts';

/** What users get, as far as the entry is measured. */
export interface EntrySeen {
  readonly atMs: number;
  readonly latencyMicros: number;
  readonly p99Micros: number | undefined;
  /** 0 to 1. */
  readonly success: number | undefined;
}

/** Measurements of one ServiceDAG, smoothed over time. */
export interface Smooth {
  /** When anything was measured last. */
  readonly atMs: number;
  readonly entry: EntrySeen | undefined;
  /** Requests of users per second; undefined while neither they nor the calls of an entry are measured. */
  readonly ingress: number | undefined;
  /** The part of them whose region is known. */
  readonly byRegion: ReadonlyMap<string, number>;
  /** Requests per second by edge and group, where groups can be told apart. */
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Edges of which anything is measured. */
  readonly edges: ReadonlySet<string>;
  /** The edge whose calls take longest, with what they take on the average. */
  readonly slowest: { readonly edge: string; readonly micros: number } | undefined;
}

/**
 * The figures of one look: latency of the slowest entry, success of all, requests by the entry that has most; where no entry is measured,
 * requests by what entries call. Pure.
 */
export function lookOf(dag: CachedDag, { edges, entries }: Measured, nowMs: number): Smooth {
  const whole = entries.get('');
  const seen = whole === undefined ? [...entries.values()] : [whole];
  const rates = seen.length > 0 ? seen.map(({ rate }) => rate) : inferred(dag, edges);
  const timed = seen.flatMap(({ meanMicros }) => meanMicros ?? []);
  const tails = seen.flatMap(({ p99Micros }) => p99Micros ?? []);
  const errors = seen.flatMap(({ errorShare }) => errorShare ?? []);
  const byRegion = seen.toSorted((a, b) => b.rate - a.rate)[0]?.byRegion;
  const slow = [...edges].flatMap(([edge, { meanMicros }]) =>
    meanMicros === undefined ? [] : [{ edge, micros: meanMicros }],
  );
  return {
    atMs: nowMs,
    entry:
      timed.length === 0
        ? undefined
        : {
            atMs: nowMs,
            latencyMicros: Math.max(...timed),
            p99Micros: tails.length === 0 ? undefined : Math.max(...tails),
            success: errors.length === 0 ? undefined : errors.reduce((all, share) => all * (1 - share), 1),
          },
    ingress: rates.length === 0 ? undefined : Math.max(...rates),
    byRegion: byRegion ?? new Map<string, number>(),
    groups: new Map(
      [...edges].flatMap(([edge, { groups }]) => (groups === undefined ? [] : [[edge, groups] as const])),
    ),
    edges: new Set(edges.keys()),
    slowest: slow.toSorted((a, b) => b.micros - a.micros || (a.edge < b.edge ? -1 : 1))[0],
  };
}

/** Requests per second that would make the calls that entries make; calls that several edges share the counters of say nothing. */
function inferred(
  dag: CachedDag,
  edges: ReadonlyMap<string, Calls & { readonly groups?: unknown }>,
): number[] {
  const entries = new Set(entriesOf(dag).map(({ name }) => name));
  return dag.spec.edges.flatMap(({ from, to, callsPerRequest }) => {
    const calls = edges.get(`${from}>${to}`);
    const each = quantity(callsPerRequest);
    return entries.has(from) && calls?.groups !== undefined && each > 0 ? [calls.rate / each] : [];
  });
}

/** How much of a new value counts after so long: 1 - exp(-t/τ). */
const weight = (passedMs: number, tauMs: number): number => 1 - Math.exp(-Math.max(0, passedMs) / tauMs);

/**
 * Exponentially weighted means of what was known and what is seen now; `tauMs` is the time after which an old value counts 1/e. What is
 * not seen now is kept as it was: it grows old. Pure.
 */
export function blend(before: Smooth | undefined, now: Smooth, tauMs: number): Smooth {
  if (before === undefined) return now;
  const share = weight(now.atMs - before.atMs, tauMs);
  const mix = (old: number | undefined, fresh: number): number =>
    old === undefined ? fresh : old + share * (fresh - old);
  const mixAll = (
    old: ReadonlyMap<string, number> | undefined,
    fresh: ReadonlyMap<string, number>,
  ): ReadonlyMap<string, number> =>
    old === undefined
      ? fresh
      : new Map(
          [...new Set([...old.keys(), ...fresh.keys()])]
            .map((key): [string, number] => [key, mix(old.get(key) ?? 0, fresh.get(key) ?? 0)])
            .filter(([, rate]) => rate > 1e-9),
        );
  const { entry } = now;
  const mixMaybe = (old: number | undefined, fresh: number | undefined): number | undefined =>
    fresh === undefined ? undefined : mix(old, fresh);
  return {
    ...now,
    entry:
      entry === undefined
        ? before.entry
        : {
            atMs: entry.atMs,
            latencyMicros: mix(before.entry?.latencyMicros, entry.latencyMicros),
            p99Micros: mixMaybe(before.entry?.p99Micros, entry.p99Micros),
            success: mixMaybe(before.entry?.success, entry.success),
          },
    ingress: now.ingress === undefined ? before.ingress : mix(before.ingress, now.ingress),
    byRegion: mixAll(before.byRegion, now.byRegion),
    groups: new Map([...now.groups].map(([edge, fresh]) => [edge, mixAll(before.groups.get(edge), fresh)])),
    slowest: now.slowest ?? before.slowest,
  };
}
