import { formatMicros } from '#crds/quantity.ts';
import type { Flow } from './flow.ts';
import type { Instance } from './instance.ts';
import { arcsOf } from './paths.ts';
import type { AccessPath, Assignment, Route, Step } from './prediction.ts';
import { heldBy } from './routing.ts';
import type { PairRoute } from './routing.ts';

/** Whole microseconds; an unreachable service has no latency, which is written as the largest safe integer. */
export const whole = (micros: number): number =>
  Number.isFinite(micros) ? Math.round(micros) : Number.MAX_SAFE_INTEGER;

/** The chain of last arrivals that ends latest, with its parts; of the slowest ingress region and the slowest replica of each step. */
export function criticalPath(
  instance: Instance,
  assign: Int32Array,
  flow: Flow,
): { path: string[]; steps: Step[] } {
  const { services, edges, tasks, ingress } = instance;
  const g = flow.slowestIngress;
  const finishOf = (s: number): number => {
    const service = services[s];
    if (service === undefined) return 0;
    let sum = 0;
    for (let r = 0; r < service.replicas; r++) sum += flow.finish[g * tasks + service.firstTask + r] ?? 0;
    return sum / service.replicas;
  };
  const exits = services.map((_, s) => s).filter((s) => services[s]?.exit === true);
  let at: number | undefined = exits.toSorted((a, b) => finishOf(b) - finishOf(a) || a - b)[0];
  const path: string[] = [];
  const steps: Step[] = [];
  while (at !== undefined) {
    const service = services[at];
    if (service === undefined) break;
    const hosts = Array.from({ length: service.replicas }, (_, r) => assign[service.firstTask + r] ?? 0);
    const average = (values: Float64Array): number =>
      hosts.reduce((sum, h) => sum + (values[h] ?? 0), 0) / hosts.length;
    const serve = average(service.serve);
    path.unshift(service.name);
    const wait = average(service.serveAndWait) - serve;
    const edge = service.entry ? undefined : edges[flow.lastEdge[g * services.length + at] ?? -1];
    const own: Step[] = [{ kind: 'serve', what: service.name, micros: whole(serve) }];
    if (wait > 0.5) own.unshift({ kind: 'queue', what: service.name, micros: whole(wait) });
    if (edge === undefined) {
      const access = hosts.reduce((sum, h) => sum + flow.access(g, h), 0) / hosts.length;
      if (ingress.length > 0)
        own.unshift({ kind: 'access', what: `${ingress[g]?.region}→${service.name}`, micros: whole(access) });
      steps.unshift(...own);
      at = undefined;
    } else {
      const first = flow.firstPair[edge.index] ?? 0;
      const end = flow.firstPair[edge.index + 1] ?? first;
      const times = flow.time.subarray(first, end);
      const transfer = times.reduce((a, b) => a + b, 0) / times.length;
      steps.unshift({ kind: 'transfer', what: `${edge.from}→${edge.to}`, micros: whole(transfer) }, ...own);
      at = edge.source;
    }
  }
  return { path, steps };
}

/** One line per replica, in the order of the spec, with the limit it is closest to. */
export function assignmentsOf(
  instance: Instance,
  assign: Int32Array,
  pairs: readonly PairRoute[],
  times: readonly number[][],
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
        serveMicros: whole(service.serveAndWait[at] ?? 0),
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
        seen.share += piece.share / mine.length;
        seen.bps += heldBy(pair, piece);
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

/** Largest remainder: whole numbers in the proportion of `shares` that sum to exactly `total` (0 shares give none). */
export function wholeParts(shares: readonly number[], total: number): number[] {
  const sum = shares.reduce((a, b) => a + b, 0);
  if (sum <= 0) return shares.map(() => 0);
  const exact = shares.map((s) => (s / sum) * total);
  const parts = exact.map(Math.floor);
  const left = total - parts.reduce((a, b) => a + b, 0);
  const order = exact
    .map((_, i) => i)
    .toSorted((a, b) => ((exact[b] ?? 0) % 1) - ((exact[a] ?? 0) % 1) || a - b);
  for (const i of order.slice(0, left)) parts[i] = (parts[i] ?? 0) + 1;
  return parts;
}

/** Access paths of every ingress region to every entry service's hosts. */
export function accessPaths(instance: Instance, assign: Int32Array, flow: Flow): AccessPath[] {
  return instance.ingress.flatMap((entry, g) =>
    instance.services
      .filter((service) => service.entry)
      .flatMap((service) =>
        [...new Set(assign.subarray(service.firstTask, service.firstTask + service.replicas))].map(
          (host) => ({
            region: entry.region,
            to: service.name,
            via: viaOf(
              instance,
              entry.vertex,
              arcsOf(instance.paths.path(entry.vertex, host, entry.payloadBytes, 0)),
            ),
            latencyMicros: whole(flow.access(g, host)),
          }),
        ),
      ),
  );
}
