import { quantity } from '#crds/quantity.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { failedCheck } from './feasibility.ts';
import { packGraph } from './graph.ts';
import type { Arc } from './graph.ts';
import type { Host } from './host.ts';
import type { Claim } from './ledger.ts';
import { keyOf, ownerOf } from './objects.ts';
import { allowedArcs, paretoLabels, quickest, transmission } from './paths.ts';
import { podRequests, servingMilliCpu } from './requests.ts';
import { ledgerWithout } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

/** A world with fewer hosts, and the way back. */
export interface Shortlist {
  readonly snapshot: Snapshot;
  /** Hosts that were left out; 0 when nothing was. */
  readonly dropped: number;
  /** The same claim in terms of the whole world. */
  readonly widen: (claim: Claim) => Claim;
}

/** Best hosts kept for each microservice whatever the others need (accelerators, selectors). */
const PER_SERVICE = 16;

/**
 * The hosts worth searching for one DAG, when there are more than `limit`: those nearest and fastest for its users, some of
 * every region, some that can run each microservice, and those it runs on now. Only hosts that forward nothing (one link, or an
 * attachment) are left out, so every path stays as it is; utilisation and balance still count all of them.
 */
export function shortlist(snapshot: Snapshot, dag: ServiceDAG, limit: number): Shortlist {
  const whole: Shortlist = { snapshot, dropped: 0, widen: (claim) => claim };
  if (snapshot.hosts.length <= limit) return whole;
  const keep = chooseHosts(snapshot, dag, limit);
  if (keep.size === snapshot.hosts.length) return whole;
  return narrow(snapshot, keep);
}

function chooseHosts(snapshot: Snapshot, dag: ServiceDAG, limit: number): Set<number> {
  const { hosts, graph } = snapshot;
  const slice = dag.spec.slice ?? dag.spec.class.toLowerCase();
  const keep = new Set<number>();
  for (let h = 0; h < hosts.length; h++) if (forwards(snapshot, h)) keep.add(h);
  for (const replica of snapshot.placed.get(keyOf(dag)) ?? []) keep.add(replica.host);
  const score = scores(snapshot, dag, slice);
  const order = hosts.map((_, h) => h).toSorted((a, b) => (score[a] ?? 0) - (score[b] ?? 0) || a - b);
  const ledger = ledgerWithout(snapshot, ownerOf(keyOf(dag)));
  const width = snapshot.resources.length;
  const takes = (h: number, service: ServiceDAG['spec']['microservices'][number]): boolean => {
    const host = hosts[h] as Host;
    if (failedCheck({ host, slice, template: service.template.spec }) !== undefined) return false;
    const request = podRequests(service.template.spec);
    return snapshot.resources.every((name, r) => {
      const asked = request.get(name) ?? 0;
      return (
        asked === 0 || asked <= (snapshot.allocatable[h * width + r] ?? 0) - (ledger.used[h * width + r] ?? 0)
      );
    });
  };
  const useful = order.filter((h) => graph.first[h + 1] !== graph.first[h]);
  for (const service of dag.spec.microservices) {
    let found = 0;
    for (const h of useful) {
      if (found >= PER_SERVICE) break;
      if (!takes(h, service)) continue;
      keep.add(h);
      found++;
    }
  }
  const some = (h: number): boolean => dag.spec.microservices.some((service) => takes(h, service));
  // Half by score, half by turns of the regions: near is good, and so is a choice.
  for (const h of useful) {
    if (keep.size >= limit / 2) break;
    if (!keep.has(h) && some(h)) keep.add(h);
  }
  const byRegion = new Map<string, number[]>();
  for (const h of useful) {
    if (keep.has(h)) continue;
    const name = hosts[h]?.region ?? '';
    const list = byRegion.get(name) ?? [];
    if (list.length < limit) list.push(h);
    byRegion.set(name, list);
  }
  for (let turn = 0; keep.size < limit && turn < limit; turn++) {
    for (const list of byRegion.values()) {
      const h = list[turn];
      if (h !== undefined && keep.size < limit && some(h)) keep.add(h);
    }
  }
  return keep;
}

/** More than one way in or out: paths may lead through it. */
function forwards(snapshot: Snapshot, h: number): boolean {
  const { graph } = snapshot;
  const start = graph.first[h] ?? 0;
  const end = graph.first[h + 1] ?? start;
  for (let arc = start + 1; arc < end; arc++) if (graph.head[arc] !== graph.head[start]) return true;
  return false;
}

/** How long a request would take if the whole DAG ran on machines like this one, microseconds: access + all the work. */
function scores(snapshot: Snapshot, dag: ServiceDAG, slice: string): Float64Array {
  const { hosts, graph } = snapshot;
  const cores = dag.spec.microservices.map((m) => ({
    work: quantity(m.work ?? '0'),
    cores: servingMilliCpu(m.template.spec) / 1000,
  }));
  const score = Float64Array.from(hosts, (host) =>
    cores.reduce((sum, { work, cores: c }) => sum + (work === 0 ? 0 : work / (host.mipsPerCpu * c)), 0),
  );
  const usable = { graph, free: graph.bandwidth, allowed: allowedArcs(graph, slice) };
  for (const entry of dag.spec.ingress) {
    const gateway = snapshot.gateways.get(entry.region);
    if (gateway === undefined) continue;
    const labels = paretoLabels(usable, gateway.vertex);
    const bytes = quantity(entry.payload);
    for (let h = 0; h < hosts.length; h++) {
      const way = quickest(labels[h] ?? [], bytes, 0);
      const time = way === undefined ? 1e9 : way.latency + transmission(bytes, way.bandwidth);
      score[h] = (score[h] ?? 0) + time / dag.spec.ingress.length;
    }
  }
  return score;
}

function narrow(snapshot: Snapshot, keep: ReadonlySet<number>): Shortlist {
  const { graph, hosts, resources } = snapshot;
  const width = resources.length;
  const kept = [...keep].toSorted((a, b) => a - b);
  const hostTo = new Map(kept.map((old, now) => [old, now]));
  const vertexTo = new Map(hostTo);
  const names = kept.map((h) => graph.names[h] ?? '');
  for (let v = graph.hosts; v < graph.names.length; v++) {
    vertexTo.set(v, names.length);
    names.push(graph.names[v] ?? '');
  }
  const arcs: (Arc & { readonly old: number })[] = [];
  for (let arc = 0; arc < graph.head.length; arc++) {
    const from = vertexTo.get(graph.tail[arc] ?? -1);
    const to = vertexTo.get(graph.head[arc] ?? -1);
    if (from === undefined || to === undefined) continue;
    arcs.push({
      from,
      to,
      latency: graph.latency[arc] ?? 0,
      jitter: graph.jitter[arc] ?? 0,
      bandwidth: graph.bandwidth[arc] ?? 0,
      success: graph.success[arc] ?? 1,
      link: graph.link[arc] ?? 0,
      slices: graph.slices[arc],
      old: arc,
    });
  }
  // Vertices keep their order, so the arcs that are left come in the order in which they are packed again.
  const packed = packGraph(names, kept.length, arcs);
  const oldArc = arcs.map((arc) => arc.old);
  const arcTo = new Map(oldArc.map((old, now) => [old, now]));
  const ledger = ledgerWithout(snapshot, undefined);
  const idle = { count: 0, sum: new Float64Array(width), squares: new Float64Array(width) };
  for (let h = 0; h < hosts.length; h++) {
    if (hostTo.has(h)) continue;
    idle.count++;
    for (let r = 0; r < width; r++) {
      const capacity = snapshot.allocatable[h * width + r] ?? 0;
      const u = capacity > 0 && capacity < Infinity ? (ledger.used[h * width + r] ?? 0) / capacity : 0;
      idle.sum[r] = (idle.sum[r] ?? 0) + u;
      idle.squares[r] = (idle.squares[r] ?? 0) + u * u;
    }
  }
  const gateways = new Map(
    [...snapshot.gateways].map(([name, g]) => [name, { ...g, vertex: vertexTo.get(g.vertex) ?? 0 }]),
  );
  const claims = snapshot.claims.map((claim) => ({
    owner: claim.owner,
    hosts: claim.hosts.flatMap(({ host, amounts }) => {
      const now = hostTo.get(host);
      return now === undefined ? [] : [{ host: now, amounts }];
    }),
    arcs: claim.arcs.flatMap(({ arc, bps }) => {
      const now = arcTo.get(arc);
      return now === undefined ? [] : [{ arc: now, bps }];
    }),
  }));
  const placed = new Map(
    [...snapshot.placed].map(([key, replicas]) => [
      key,
      replicas.flatMap((replica) => {
        const host = hostTo.get(replica.host);
        return host === undefined ? [] : [{ ...replica, host }];
      }),
    ]),
  );
  return {
    dropped: hosts.length - kept.length,
    snapshot: {
      ...snapshot,
      hosts: kept.map((h) => hosts[h] as Host),
      allocatable: Float64Array.from({ length: kept.length * width }, (_, i) => {
        const old = kept[Math.floor(i / width)] ?? 0;
        return snapshot.allocatable[old * width + (i % width)] ?? 0;
      }),
      graph: packed,
      gateways,
      claims,
      placed,
      elsewhere: idle,
    },
    widen: (claim) => ({
      owner: claim.owner,
      hosts: claim.hosts.map(({ host, amounts }) => ({ host: kept[host] ?? 0, amounts })),
      arcs: claim.arcs.map(({ arc, bps }) => ({ arc: oldArc[arc] ?? 0, bps })),
    }),
  };
}
