import type { Target } from './series.ts';
import type { Figures, Reading } from './source.ts';

/** What was measured of one kind of calls. */
export interface Calls {
  /** Requests per second. */
  readonly rate: number;
  /** Failed ones among them, 0 to 1. */
  readonly errorShare?: number;
  readonly meanMicros?: number;
  /** Largest median among the groups: that of all calls is not above it. */
  readonly p50Micros?: number;
  /** Largest among the groups: that of all calls is not above it. */
  readonly p99Micros?: number;
}

/** Calls of one edge. */
export interface EdgeCalls extends Calls {
  /** By group; absent where counters do not tell groups, or edges, apart. */
  readonly groups?: ReadonlyMap<string, Calls>;
}

/** Requests of users. */
export interface EntryCalls extends Calls {
  /** The part of the rate whose region is known. */
  readonly byRegion: ReadonlyMap<string, number>;
}

/** What one look measured of one ServiceDAG. */
export interface Measured {
  /** By key of the edge. */
  readonly edges: ReadonlyMap<string, EdgeCalls>;
  /** By microservice; `''` for the application as a whole. */
  readonly entries: ReadonlyMap<string, EntryCalls>;
}

interface Part {
  readonly target: Target;
  readonly key: string;
  readonly figures: Figures;
}

/** Groups that carry a smaller share of an edge do not make its quantiles. */
const NEGLIGIBLE = 0.01;

/**
 * Puts a reading in terms of edges and entries: by ServiceDAG, those of which anything was
 * measured, a rate of 0 included. Pure.
 */
export function measuredOf(
  reading: Reading,
  series: Iterable<readonly [string, Target]>,
): ReadonlyMap<string, Measured> {
  const edgesOfKey = new Map<string, Set<string>>();
  const parts = new Map<string, Part[]>();
  for (const [key, target] of series) {
    const figures = reading.figures.get(key);
    if (figures === undefined) continue;
    const part = { target, key, figures };
    const known = parts.get(target.of);
    if (known === undefined) parts.set(target.of, [part]);
    else known.push(part);
    if (target.kind === 'edge') edgesOfKey.set(key, (edgesOfKey.get(key) ?? new Set()).add(target.of));
  }
  const all = new Map<string, { edges: Map<string, EdgeCalls>; entries: Map<string, EntryCalls> }>();
  for (const list of parts.values()) {
    const [first] = list;
    if (first === undefined) continue;
    const { target } = first;
    const of = all.get(target.dag) ?? { edges: new Map(), entries: new Map() };
    all.set(target.dag, of);
    const calls = together(list.map(({ figures }) => figures));
    if (target.kind === 'entry') {
      of.entries.set(target.entry, { ...calls, byRegion: regionsOf(list.map(({ figures }) => figures)) });
      continue;
    }
    const groups = groupsOf(list, edgesOfKey);
    of.edges.set(target.edge, groups === undefined ? calls : { ...calls, groups });
  }
  return all;
}

/** Calls by group; undefined when a series is that of a whole rule, or of several edges. */
function groupsOf(
  list: readonly Part[],
  edgesOfKey: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlyMap<string, Calls> | undefined {
  const groups = new Map<string, Figures[]>();
  for (const { target, key, figures } of list) {
    if (target.kind !== 'edge' || target.group === undefined || (edgesOfKey.get(key)?.size ?? 0) > 1)
      return undefined;
    groups.set(target.group, [...(groups.get(target.group) ?? []), figures]);
  }
  return new Map([...groups].map(([group, figures]) => [group, together(figures)]));
}

function regionsOf(list: readonly Figures[]): ReadonlyMap<string, number> {
  const regions = new Map<string, number>();
  for (const { rateByRegion } of list)
    for (const [region, rate] of rateByRegion) regions.set(region, (regions.get(region) ?? 0) + rate);
  return regions;
}

/** Several series as one: rates add up, means by rate, of quantiles the largest that counts. */
function together(list: readonly Figures[]): Calls {
  const rate = list.reduce((sum, figures) => sum + figures.rate, 0);
  const timed = list.filter(({ meanMicros }) => meanMicros !== undefined);
  const timedRate = timed.reduce((sum, figures) => sum + figures.rate, 0);
  const known = list.filter(({ errorRate }) => errorRate !== undefined);
  const knownRate = known.reduce((sum, figures) => sum + figures.rate, 0);
  const largest = (of: (figures: Figures) => number | undefined): number | undefined => {
    const values = list.flatMap((f) => (f.rate < NEGLIGIBLE * rate ? [] : (of(f) ?? [])));
    return values.length === 0 ? undefined : Math.max(...values);
  };
  const [p50Micros, p99Micros] = [largest((f) => f.p50Micros), largest((f) => f.p99Micros)];
  return {
    rate,
    ...(timedRate === 0
      ? {}
      : { meanMicros: timed.reduce((sum, f) => sum + f.rate * (f.meanMicros ?? 0), 0) / timedRate }),
    ...(p50Micros === undefined ? {} : { p50Micros }),
    ...(p99Micros === undefined ? {} : { p99Micros }),
    ...(knownRate === 0
      ? {}
      : { errorShare: Math.min(1, known.reduce((sum, f) => sum + (f.errorRate ?? 0), 0) / knownRate) }),
  };
}
