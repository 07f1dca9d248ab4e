import { durationMicros, quantity } from '#crds/quantity.ts';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { Arc, Graph } from './graph.ts';
import { components, packGraph, sliceKey } from './graph.ts';
import type { Host, Outsider } from './host.ts';
import type { Problem } from './problem.ts';

/** A radio band of a region. Microseconds, bit/s, probability. */
export interface Band {
  readonly latency: number;
  readonly jitter: number;
  readonly bandwidth: number;
  readonly success: number;
}

/** Where a region's traffic enters the graph, and the radio in front of it. */
export interface Gateway {
  readonly region: string;
  readonly tier: 'Edge' | 'Cloud';
  readonly vertex: number;
  readonly bands: ReadonlyMap<string, Band>;
}

interface Ends {
  readonly names: readonly string[];
  readonly vertexOf: ReadonlyMap<string, number>;
  readonly problems: readonly Problem[];
}

/** Vertices: hosts, gateways, waypoints, nodes of no region. One name is one vertex; a second meaning is refused. */
function vertices(
  hosts: readonly Host[],
  regions: readonly EdgeRegion[],
  outsiders: readonly Outsider[],
): Ends {
  const names: string[] = hosts.map((h) => h.name);
  const vertexOf = new Map<string, number>(names.map((name, v) => [name, v]));
  const problems: Problem[] = [];
  const kinds = new Map<string, string>(names.map((name) => [name, 'node']));
  const add = (name: string, kind: string, region: string, field: string): void => {
    const other = kinds.get(name);
    if (other === undefined) {
      kinds.set(name, kind);
      vertexOf.set(name, names.length);
      names.push(name);
    } else if (other !== kind) {
      const message = `"${name}" is a ${other} and a ${kind}: a link end must mean one thing, rename one of them`;
      problems.push({
        reason: 'AmbiguousName',
        object: `EdgeRegion ${region}`,
        region,
        field,
        message,
        severity: 'refuse',
      });
    }
  };
  for (const region of regions) add(region.metadata.name, 'region', region.metadata.name, 'metadata.name');
  // By name, so that the order in which regions list their waypoints decides nothing.
  const waypoints = regions.flatMap((region) =>
    (region.spec.topology?.waypoints ?? []).map((name) => ({ name, region: region.metadata.name })),
  );
  for (const { name, region } of waypoints.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    add(name, 'waypoint', region, 'spec.topology.waypoints');
  const ends = new Set(regions.flatMap((r) => (r.spec.topology?.links ?? []).flatMap((l) => [l.from, l.to])));
  for (const { name } of outsiders) if (ends.has(name) && !kinds.has(name)) add(name, 'node', '', '');
  return { names, vertexOf, problems };
}

/** Arcs of every link that can be used, and what is wrong with the rest. */
function linkArcs(
  hosts: readonly Host[],
  regions: readonly EdgeRegion[],
  outsiders: readonly Outsider[],
  vertexOf: ReadonlyMap<string, number>,
): { arcs: Arc[]; linked: Set<number>; links: number; problems: Problem[] } {
  const arcs: Arc[] = [];
  const linked = new Set<number>();
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  const ready = new Map([...hosts, ...outsiders].map((node) => [node.name, node.ready]));
  const outside = new Set(outsiders.map((node) => node.name));
  let links = 0;
  for (const region of regions) {
    const name = region.metadata.name;
    for (const [i, link] of (region.spec.topology?.links ?? []).entries()) {
      const where = { object: `EdgeRegion ${name}`, region: name, field: `spec.topology.links[${i}]` };
      const from = vertexOf.get(link.from);
      const to = vertexOf.get(link.to);
      // Whatever is wrong with a link, its nodes have one of their own: none falls back to the attachment.
      for (const end of [from, to]) if (end !== undefined && end < hosts.length) linked.add(end);
      if (from === undefined || to === undefined) {
        const [field, end] = from === undefined ? ['from', link.from] : ['to', link.to];
        const message = `"${end}" is no node, no waypoint and no region: correct the name, or declare it under waypoints`;
        problems.push({
          ...where,
          reason: 'UnknownLinkEnd',
          field: `${where.field}.${field}`,
          message,
          severity: 'refuse',
        });
        continue;
      }
      // A full-duplex link is its two directions; a link is a duplicate when one of its directions is there already.
      const directions = link.oneWay
        ? [[from, to]]
        : [
            [from, to],
            [to, from],
          ];
      const keys = directions.map(([a, b]) => `${a}>${b}|${sliceKey(link.slices)}`);
      const first = keys.map((k) => seen.get(k)).find((k) => k !== undefined);
      for (const key of keys) if (!seen.has(key)) seen.set(key, `${where.object} ${where.field}`);
      if (first !== undefined) {
        const message = `same ends, direction and slices as ${first}: remove one`;
        problems.push({ ...where, reason: 'DuplicateLink', message, severity: 'refuse' });
        continue;
      }
      const dead = [link.from, link.to].find((end) => ready.get(end) === false);
      if (dead !== undefined) {
        const message = `node ${dead} is not ready: the link is left out until it is`;
        problems.push({ ...where, reason: 'LostNode', message, severity: 'warn' });
        continue;
      }
      const stranger = [link.from, link.to].find((end) => outside.has(end));
      if (stranger !== undefined) {
        const message = `node ${stranger} is in no region: it forwards and hosts nothing; label it for a region's nodeSelector if it should`;
        problems.push({ ...where, reason: 'NodeWithoutRegion', message, severity: 'warn' });
      }
      const common = {
        latency: durationMicros(link.latency),
        jitter: link.jitter === undefined ? 0 : durationMicros(link.jitter),
        bandwidth: quantity(link.bandwidth),
        success: link.success === undefined ? 1 : quantity(link.success),
        slices: link.slices === undefined ? undefined : new Set(link.slices),
        link: links++,
      };
      for (const [a = 0, b = 0] of directions) arcs.push({ from: a, to: b, ...common });
    }
  }
  return { arcs, linked, links, problems };
}

/** The infrastructure graph: the union of all regions' links, and an attachment for each node that has no link of its own. */
export function topologyOf(
  hosts: readonly Host[],
  unordered: readonly EdgeRegion[],
  outsiders: readonly Outsider[] = [],
): { graph: Graph; gateways: Map<string, Gateway>; problems: Problem[] } {
  const regions = unordered.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const { names, vertexOf, problems: nameProblems } = vertices(hosts, regions, outsiders);
  const { arcs, linked, links, problems } = linkArcs(hosts, regions, outsiders, vertexOf);
  const gateways = new Map<string, Gateway>();
  let link = links;
  for (const region of regions) {
    const vertex = vertexOf.get(region.metadata.name) ?? 0;
    gateways.set(region.metadata.name, {
      region: region.metadata.name,
      tier: region.spec.tier,
      vertex,
      bands: bandsOf(region),
    });
    const attachment = region.spec.topology?.attachment;
    if (attachment === undefined) continue;
    const common = { latency: durationMicros(attachment.latency), bandwidth: quantity(attachment.bandwidth) };
    for (const [h, host] of hosts.entries()) {
      if (host.region !== region.metadata.name || linked.has(h) || !host.ready) continue;
      const both = { ...common, jitter: 0, success: 1, slices: undefined, link: link++ };
      arcs.push({ from: h, to: vertex, ...both }, { from: vertex, to: h, ...both });
    }
  }
  const graph = packGraph(names, hosts.length, arcs);
  return { graph, gateways, problems: [...nameProblems, ...problems, ...unreachable(graph, gateways)] };
}

function bandsOf(region: EdgeRegion): Map<string, Band> {
  return new Map(
    (region.spec.radio?.bands ?? []).map((band) => [
      band.name,
      {
        latency: durationMicros(band.latency),
        jitter: band.jitter === undefined ? 0 : durationMicros(band.jitter),
        bandwidth: quantity(band.bandwidth),
        success: band.success === undefined ? 1 : quantity(band.success),
      },
    ]),
  );
}

/** Regions that no way connects to the first one by name. */
function unreachable(graph: Graph, gateways: ReadonlyMap<string, Gateway>): Problem[] {
  const component = components(graph);
  const [first, ...rest] = gateways.values();
  if (first === undefined) return [];
  return rest
    .filter((gateway) => component[gateway.vertex] !== component[first.vertex])
    .map((gateway) => ({
      reason: 'UnreachableRegions',
      object: `EdgeRegion ${gateway.region}`,
      region: gateway.region,
      field: 'spec.topology.links',
      message: `no way connects ${gateway.region} and ${first.region}: add a link, or a waypoint that both name`,
      severity: 'warn',
    }));
}
