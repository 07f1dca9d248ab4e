import type { ServiceDAG } from '#crds/servicedag.ts';
import { keyOf, ownerOf } from '#world/objects.ts';
import { ledgerWithout } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { sliceOf } from '#world/service.ts';
import { scaled } from './columns.ts';
import type { GraphFeatures } from './graph.ts';

/** Vertices and arcs that are looked at; of a larger world the hosts with the least free processors are left out. */
export const MOST_VERTICES = 4096;
export const MOST_ARCS = 16_384;

/** The infrastructure as one DAG sees it: what others have left, where its requests come in, where it runs now. */
export function topologyFeatures(snapshot: Snapshot, dag: ServiceDAG): GraphFeatures {
  const { graph, hosts, resources, allocatable } = snapshot;
  const ledger = ledgerWithout(snapshot, ownerOf(keyOf(dag)));
  const [cpu, memory] = [resources.indexOf('cpu'), resources.indexOf('memory')];
  const amount = (h: number, r: number): number => allocatable[h * resources.length + r] ?? 0;
  const free = (h: number, r: number): number => {
    const all = amount(h, r);
    return all > 0 ? Math.max(0, 1 - (ledger.used[h * resources.length + r] ?? 0) / all) : 0;
  };
  const own = new Float64Array(graph.names.length);
  const placed = snapshot.placed.get(keyOf(dag)) ?? [];
  for (const { host } of placed) own[host] = (own[host] ?? 0) + 1 / placed.length;
  const ways = new Float64Array(graph.names.length);
  for (const { region } of dag.spec.ingress) {
    const vertex = snapshot.gateways.get(region)?.vertex;
    if (vertex !== undefined) ways[vertex] = (ways[vertex] ?? 0) + 1 / dag.spec.ingress.length;
  }
  const gateways = new Map([...snapshot.gateways.values()].map(({ vertex, tier }) => [vertex, tier]));
  const slice = sliceOf(dag);
  const row = (v: number): number[] => {
    const host = hosts[v];
    const tier = host?.tier ?? gateways.get(v);
    const open = host?.ready === true && host.schedulable && host.slices?.has(slice) !== false;
    return [
      host === undefined ? 0 : 1,
      gateways.has(v) ? 1 : 0,
      tier === 'Cloud' ? 1 : 0,
      host === undefined ? 0 : scaled(amount(v, cpu)),
      host === undefined ? 0 : host.mipsPerCpu / 1000,
      host === undefined ? 0 : free(v, cpu),
      host === undefined ? 0 : free(v, memory),
      open ? 1 : 0,
      ways[v] ?? 0,
      own[v] ?? 0,
    ];
  };
  const kept = keptVertices(snapshot, (h) => (own[h] ?? 0) * 1e12 + free(h, cpu) * amount(h, cpu));
  const position = new Int32Array(graph.names.length).fill(-1);
  for (const [i, v] of kept.entries()) position[v] = i;
  const arcs: number[] = [];
  for (let arc = 0; arc < graph.head.length && arcs.length < MOST_ARCS; arc++) {
    const carries = graph.slices[arc]?.has(slice) !== false;
    if (carries && (position[graph.tail[arc] ?? 0] ?? -1) >= 0 && (position[graph.head[arc] ?? 0] ?? -1) >= 0)
      arcs.push(arc);
  }
  return {
    nodes: Float32Array.from(kept.flatMap(row)),
    edges: Float32Array.from(
      arcs.flatMap((arc) => {
        const width = graph.bandwidth[arc] ?? 0;
        return [
          scaled(graph.latency[arc] ?? 0),
          scaled(width),
          width > 0 ? Math.max(0, 1 - (ledger.reserved[arc] ?? 0) / width) : 0,
          scaled(graph.jitter[arc] ?? 0),
          1 - (graph.success[arc] ?? 1),
        ];
      }),
    ),
    from: Int32Array.from(arcs, (arc) => position[graph.tail[arc] ?? 0] ?? 0),
    to: Int32Array.from(arcs, (arc) => position[graph.head[arc] ?? 0] ?? 0),
  };
}

function keptVertices({ graph, hosts }: Snapshot, worth: (host: number) => number): number[] {
  const all = [...graph.names.keys()];
  const spare = graph.names.length - MOST_VERTICES;
  if (spare <= 0) return all;
  const least = [...hosts.keys()].toSorted((a, b) => worth(a) - worth(b) || b - a);
  const dropped = new Set(least.slice(0, spare));
  return all.filter((v) => !dropped.has(v)).slice(0, MOST_VERTICES);
}
