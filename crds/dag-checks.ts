import { z } from 'zod';
import type { EdgeRegion } from './edgeregion.ts';
import type { Finding } from './finding.ts';
import { suggestion } from './nearest.ts';
import type { ServiceDAG } from './servicedag.ts';

/** The names of a graph: all that these checks look at. */
export interface NamedGraph {
  readonly microservices: readonly { readonly name: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

const namedGraph = z.object({
  microservices: z.array(z.looseObject({ name: z.string() })).max(64),
  edges: z
    .array(z.looseObject({ from: z.string(), to: z.string() }))
    .max(256)
    .default([]),
});

/** The graph of a spec that may be wrong elsewhere; undefined when not even its names can be read. */
export function graphOf(spec: unknown): NamedGraph | undefined {
  return namedGraph.safeParse(spec).data;
}

/** Everything that makes a graph no DAG: ends that do not exist, services that call themselves, cycles. */
export function graphFindings(graph: NamedGraph): Finding[] {
  return [...danglingEdges(graph), ...selfEdges(graph), ...cycleFindings(graph)];
}

function danglingEdges({ microservices, edges }: NamedGraph): Finding[] {
  const names = microservices.map((m) => m.name);
  return edges.flatMap((edge, i) =>
    (['from', 'to'] as const)
      .filter((end) => !names.includes(edge[end]))
      .map((end) => ({
        path: ['spec', 'edges', i, end],
        message: `edge ${edge.from}→${edge.to}: no microservice "${edge[end]}"`,
        fix: suggestion(edge[end], names),
      })),
  );
}

function selfEdges({ edges }: NamedGraph): Finding[] {
  return edges.flatMap(({ from, to }, i) =>
    from === to
      ? [
          {
            path: ['spec', 'edges', i, 'to'],
            message: `edge ${from}→${to}: a microservice must not call itself`,
            fix: 'remove the edge',
          },
        ]
      : [],
  );
}

function cycleFindings(graph: NamedGraph): Finding[] {
  return cycles(graph).map(({ members, edge }) => ({
    path: ['spec', 'edges', edge],
    message: `cycle ${[...members, members[0]].join(' → ')}`,
    fix: 'remove one of these calls: a request must come to an end',
  }));
}

/** A way that comes back to where it started: members in order of the calls, and the index of its first edge. */
export interface Cycle {
  readonly members: readonly string[];
  readonly edge: number;
}

/**
 * Cycles of a graph, self calls aside: for each microservice in order that is in none of those found before, the shortest one
 * through it. Same spec, same answer.
 */
export function cycles(graph: NamedGraph): Cycle[] {
  const found: Cycle[] = [];
  const named = new Set<string>();
  for (const { name } of graph.microservices) {
    if (named.has(name)) continue;
    const cycle = shortestCycle(graph, name);
    if (cycle === undefined) continue;
    found.push(cycle);
    for (const member of cycle.members) named.add(member);
  }
  return found;
}

function shortestCycle({ edges }: NamedGraph, start: string): Cycle | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const at of queue) {
    for (const { from, to } of edges) {
      if (from !== at || to === at) continue;
      if (to === start) {
        const members = [at];
        for (let member = at; member !== start; members.unshift(member))
          member = cameFrom.get(member) ?? start;
        const second = members[1] ?? start;
        return { members, edge: edges.findIndex((e) => e.from === start && e.to === second) };
      }
      if (cameFrom.has(to)) continue;
      cameFrom.set(to, at);
      queue.push(to);
    }
  }
  return undefined;
}

/** Regions and bands that a DAG's users name and the regions at hand do not have. */
export function checkBands(dag: ServiceDAG, regions: readonly EdgeRegion[]): Finding[] {
  const names = regions.map((r) => r.metadata.name);
  return dag.spec.ingress.flatMap((entry, i): Finding[] => {
    const region = regions.find((r) => r.metadata.name === entry.region);
    if (region === undefined) {
      const message = `no EdgeRegion "${entry.region}"`;
      return [{ path: ['spec', 'ingress', i, 'region'], message, fix: suggestion(entry.region, names) }];
    }
    const bands = region.spec.radio.bands.map((b) => b.name);
    if (entry.band === undefined || bands.includes(entry.band)) return [];
    const message = `EdgeRegion ${entry.region} has no band ${entry.band}`;
    const fix =
      bands.length === 0
        ? `remove it, or add it to spec.radio.bands of the region`
        : suggestion(entry.band, bands);
    return [{ path: ['spec', 'ingress', i, 'band'], message, fix }];
  });
}
