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
  /** By edge, those of which anything is measured. */
  readonly edges: ReadonlyMap<string, Calls>;
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
      [...edges].flatMap(([edge, { groups }]) =>
        groups === undefined
          ? []
          : [[edge, new Map([...groups].map(([group, { rate }]) => [group, rate]))] as const],
      ),
    ),
    edges: new Map([...edges].map(([edge, { groups: _groups, ...calls }]) => [edge, calls])),
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
