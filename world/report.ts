import { formatMicros } from '#crds/quantity.ts';
import type { Instance } from './instance.ts';
import type { AccessPath, Assignment, Route } from './prediction.ts';
import type { PairRoute } from './routing.ts';
import type { WayIn } from './ways-in.ts';
import { wholeParts } from './whole-parts.ts';

/** Whole microseconds; an unreachable service has no latency, which is written as the largest safe integer. */
export const whole = (micros: number): number =>
  Number.isFinite(micros) ? Math.round(micros) : Number.MAX_SAFE_INTEGER;

/** One line per replica, in the order of the spec, with the limit it is closest to. */
export function assignmentsOf(
  instance: Instance,
  assign: Int32Array,
  pairs: readonly PairRoute[],
  times: readonly number[][],
  serveAndWait: (task: number) => number,
  latency: number,
  critical: readonly string[],
): Assignment[] {
  const found = instance.services.flatMap((service, s) =>
    Array.from({ length: service.replicas }, (_, replica): Assignment => {
      const at = assign[service.firstTask + replica] ?? 0;
      const host = instance.snapshot.hosts[at];
      const limits = [
        ...resourceLimits(instance, assign, at, service.request),
        ...edgeLimits(pairs, times, s, at),
        ...(critical.includes(service.name)
          ? [{ what: 'latency', of: latency / instance.qos.maxLatency }]
          : []),
      ];
      const tightest = limits.toSorted((a, b) => b.of - a.of)[0];
      return {
        microservice: service.name,
        replica,
        region: host?.region ?? '',
        node: host?.name ?? '',
        serveMicros: whole(serveAndWait(service.firstTask + replica)),
        binding:
          tightest === undefined || tightest.of === 0
            ? ''
            : `${tightest.what} ${Math.round(tightest.of * 100)} %`,
      };
    }),
  );
  const order = new Map(instance.dag.spec.microservices.map((m, i) => [m.name, i]));
  return found.toSorted(
    (a, b) => (order.get(a.microservice) ?? 0) - (order.get(b.microservice) ?? 0) || a.replica - b.replica,
  );
}

interface Tightness {
  readonly what: string;
  /** Share of the limit that is used, 1 = at the limit. */
  readonly of: number;
}

function resourceLimits(
  instance: Instance,
  assign: Int32Array,
  host: number,
  request: Float64Array,
): Tightness[] {
  const { snapshot, services, serviceOf, free } = instance;
  const width = snapshot.resources.length;
  return snapshot.resources.flatMap((resource, r) => {
    const capacity = snapshot.allocatable[host * width + r] ?? 0;
    if ((request[r] ?? 0) === 0 || capacity === Infinity || capacity <= 0) return [];
    let left = free[host * width + r] ?? 0;
    for (const [t, h] of assign.entries())
      if (h === host) left -= services[serviceOf[t] ?? 0]?.request[r] ?? 0;
    return [{ what: resource, of: 1 - left / capacity }];
  });
}

function edgeLimits(
  pairs: readonly PairRoute[],
  times: readonly number[][],
  service: number,
  host: number,
): Tightness[] {
  return pairs.flatMap(({ edge, to }, p) => {
    if (edge.target !== service || to !== host || edge.maxLatency === Infinity) return [];
    const what = `${edge.from}→${edge.to} of ${formatMicros(edge.maxLatency)}`;
    return [{ what, of: Math.max(0, ...(times[p] ?? [])) / Math.max(1, edge.maxLatency) }];
  });
}

/** Names of the vertices a list of arcs visits, starting at `from`. */
function viaOf(instance: Instance, from: number, arcs: readonly number[]): string[] {
  const { names, head } = instance.snapshot.graph;
  return [names[from] ?? '', ...arcs.map((arc) => names[head[arc] ?? 0] ?? '')];
}

/** Routes as the contract writes them: equal paths of several replica pairs merged, weights that sum to exactly 1,000,000. */
export function routesBy(
  instance: Instance,
  pairs: readonly PairRoute[],
  times: readonly number[][],
): Route[] {
  return instance.edges.map((edge) => {
    const mine = pairs
      .map((pair, p) => ({ pair, times: times[p] ?? [] }))
      .filter(({ pair }) => pair.edge.index === edge.index);
    const merged = new Map<string, { via: string[]; share: number; latency: number; bps: number }>();
    for (const { pair, times: own } of mine) {
      for (const [i, piece] of pair.pieces.entries()) {
        const via = viaOf(instance, pair.from, piece.arcs);
        const key = piece.arcs.length === 0 ? via.join() : piece.arcs.join();
        const seen = merged.get(key) ?? { via, share: 0, latency: own[i] ?? 0, bps: 0 };
        seen.share += piece.share * pair.share;
        seen.bps += piece.bps;
        merged.set(key, seen);
      }
    }
    const parts = [...merged.values()];
    const weights = wholeParts(
      parts.map((p) => p.share),
      1_000_000,
    );
    const paths = parts.map((part, i) => ({
      via: part.via,
      weightPpm: weights[i] ?? 0,
      latencyMicros: whole(part.latency),
      bandwidthBps: part.bps,
    }));
    return { from: edge.from, to: edge.to, paths };
  });
}

/** Access paths of every ingress region to every entry service's hosts, each host once. */
export function accessPaths(instance: Instance, entries: readonly WayIn[]): AccessPath[] {
  const { services, serviceOf, ingress } = instance;
  const seen = new Set<string>();
  return entries.flatMap(({ ingress: g, task, host, arcs, time }) => {
    const service = serviceOf[task] ?? 0;
    const key = `${g}/${service}/${host}`;
    if (seen.has(key)) return [];
    seen.add(key);
    const from = ingress[g];
    return [
      {
        region: from?.region ?? '',
        to: services[service]?.name ?? '',
        via: time === Infinity ? [] : viaOf(instance, from?.vertex ?? 0, arcs),
        latencyMicros: whole(time),
      },
    ];
  });
}
