import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubeNode } from '#crds/node.ts';
import type { Graph } from '#world/graph.ts';
import { hostsOf } from '#world/host.ts';
import { paretoLabels } from '#world/paths.ts';
import type { Label } from '#world/paths.ts';
import { topologyOf } from '#world/topology.ts';
import type { DeclaredLink } from './link-table.ts';
import { linkTable } from './link-table.ts';

/** A round trip between two nodes, as one of them measured it. */
export interface RoundTrip {
  readonly from: string;
  readonly to: string;
  readonly rttMicros: number;
  readonly atMs: number;
}

/** What the links on the way there and back take together. */
export interface Equation {
  /** Index of a link, and how often the round trip crosses it: 2 for a full-duplex link that is crossed both ways. */
  readonly terms: readonly (readonly [link: number, times: number])[];
  /** Microseconds; attachments are subtracted. Middle value over the pairs of nodes that take this way. */
  readonly micros: number;
  /** When the newest of them was measured. */
  readonly atMs: number;
}

interface Middle {
  readonly terms: readonly (readonly [number, number])[];
  readonly fixedMicros: number;
}

/**
 * Round trips between nodes as equations about declared links. Packets are taken to go the way of least declared latency over
 * links of all slices; what a node's attachment to its gateway takes is as declared. Round trips that cross no link say nothing.
 */
export function equationsOf(
  trips: readonly RoundTrip[],
  nodes: readonly KubeNode[],
  regions: readonly EdgeRegion[],
): { readonly links: readonly DeclaredLink[]; readonly equations: readonly Equation[] } {
  const { hosts, outsiders } = hostsOf(nodes, regions);
  const { graph } = topologyOf(hosts, regions, outsiders);
  const { links, linkOf } = linkTable(regions);
  const ways = new Ways(graph, linkOf);
  const groups = new Map<string, { middle: Middle; micros: number[]; atMs: number }>();
  for (const { from, to, rttMicros, atMs } of trips) {
    const a = ways.entry(from);
    const b = ways.entry(to);
    if (a === undefined || b === undefined || a.vertex === b.vertex) continue;
    const [low, high] = a.vertex < b.vertex ? [a.vertex, b.vertex] : [b.vertex, a.vertex];
    const middle = ways.between(low, high);
    if (middle === undefined || middle.terms.length === 0) continue;
    const key = `${low}|${high}`;
    const group = groups.get(key) ?? { middle, micros: [], atMs: 0 };
    groups.set(key, group);
    group.micros.push(rttMicros - 2 * (a.micros + b.micros) - middle.fixedMicros);
    group.atMs = Math.max(group.atMs, atMs);
  }
  const equations = [...groups.values()].map(({ middle, micros, atMs }) => ({
    terms: middle.terms,
    micros: median(micros),
    atMs,
  }));
  return { links, equations };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
}

/** Ways through the graph, each found once. */
class Ways {
  readonly #graph: Graph;
  readonly #linkOf: ReadonlyMap<string, number>;
  readonly #vertexOf: ReadonlyMap<string, number>;
  readonly #labels = new Map<number, readonly (readonly Label[])[]>();
  readonly #middles = new Map<string, Middle | undefined>();

  constructor(graph: Graph, linkOf: ReadonlyMap<string, number>) {
    this.#graph = graph;
    this.#linkOf = linkOf;
    this.#vertexOf = new Map(graph.names.map((name, v) => [name, v]));
  }

  /** Where a node's packets enter: its gateway, behind its attachment; itself when it has links of its own. */
  entry(name: string): { readonly vertex: number; readonly micros: number } | undefined {
    const vertex = this.#vertexOf.get(name);
    if (vertex === undefined) return undefined;
    const { first, head, latency } = this.#graph;
    const arc = first[vertex] ?? 0;
    const isAttached = (first[vertex + 1] ?? 0) - arc === 1 && this.#link(arc) === undefined;
    return isAttached ? { vertex: head[arc] ?? 0, micros: latency[arc] ?? 0 } : { vertex, micros: 0 };
  }

  /** What a round trip between two vertices crosses; undefined when no way leads there or back. */
  between(low: number, high: number): Middle | undefined {
    const key = `${low}|${high}`;
    if (!this.#middles.has(key)) this.#middles.set(key, this.#both(low, high));
    return this.#middles.get(key);
  }

  #both(low: number, high: number): Middle | undefined {
    const there = this.#from(low)[high]?.[0];
    const back = this.#from(high)[low]?.[0];
    if (there === undefined || back === undefined) return undefined;
    const times = new Map<number, number>();
    let fixedMicros = 0;
    for (const end of [there, back]) {
      for (let at: Label | undefined = end; at !== undefined && at.arc >= 0; at = at.parent) {
        const link = this.#link(at.arc);
        if (link === undefined) fixedMicros += this.#graph.latency[at.arc] ?? 0;
        else times.set(link, (times.get(link) ?? 0) + 1);
      }
    }
    return { terms: [...times].toSorted(([a], [b]) => a - b), fixedMicros };
  }

  /** Ways of least latency from a vertex: with one bandwidth everywhere no other way is kept. */
  #from(vertex: number): readonly (readonly Label[])[] {
    const known = this.#labels.get(vertex);
    if (known !== undefined) return known;
    const free = new Float64Array(this.#graph.head.length).fill(1);
    const allowed = Uint8Array.from(this.#graph.slices, (slices) => (slices === undefined ? 1 : 0));
    const labels = paretoLabels({ graph: this.#graph, free, allowed }, vertex);
    this.#labels.set(vertex, labels);
    return labels;
  }

  #link(arc: number): number | undefined {
    const { names, tail, head, slices } = this.#graph;
    if (slices[arc] !== undefined) return undefined;
    return this.#linkOf.get(`${names[tail[arc] ?? 0]}>${names[head[arc] ?? 0]}`);
  }
}
