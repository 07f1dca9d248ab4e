import { ANNOTATIONS } from '#crds/meta.ts';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubeNode } from '#crds/node.ts';
import type { Graph } from '#world/graph.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { City } from '../city.ts';
import type { Disruption } from '../exogenous.ts';

type Link = EdgeRegion['spec']['topology']['links'][number];

/** Nodes, links and regions, up and down: as they are, and as anybody knows them before the next detection. */
export class Infrastructure {
  /** The city with everything up: vertices, hosts and arcs keep these numbers for the whole run. */
  readonly whole: Snapshot;
  /** 1 where an arc carries now. */
  readonly arcUp: Uint8Array;
  /** 1 where a host runs now. */
  readonly hostUp: Uint8Array;
  /** 1 where a host is known to run. */
  readonly hostReady: Uint8Array;
  /** Share of `mips-per-cpu` at which a host works now. */
  readonly speed: Float64Array;
  readonly #city: City;
  readonly #hostOf: ReadonlyMap<string, number>;
  readonly #regionOf = new Map<string, string>();
  readonly #nodesDown = new Set<string>();
  readonly #regionsDown = new Set<string>();
  readonly #linksDown = new Set<string>();
  #knownLinksDown: ReadonlySet<string> = new Set();
  #knownRegionsDown: ReadonlySet<string> = new Set();
  #nodes: KubeNode[];
  #regions: readonly EdgeRegion[];
  readonly #changed = new Set<string>();

  constructor(city: City) {
    this.#city = city;
    this.whole = snapshotOf({ nodes: city.nodes, regions: city.regions, dags: city.dags, nowMs: 0 });
    const { hosts, graph } = this.whole;
    this.#hostOf = new Map(hosts.map((host, h) => [host.name, h]));
    for (const host of hosts) this.#regionOf.set(host.name, host.region);
    this.arcUp = new Uint8Array(graph.head.length).fill(1);
    this.hostUp = Uint8Array.from(hosts, (host) => (host.ready ? 1 : 0));
    this.hostReady = this.hostUp.slice();
    this.speed = new Float64Array(hosts.length).fill(1);
    this.#nodes = [...city.nodes];
    this.#regions = city.regions;
  }

  /** Nodes with their Ready condition and speed, as they are known. */
  get nodes(): readonly KubeNode[] {
    return this.#nodes;
  }

  /** Regions without the links that are known to be down. */
  get regions(): readonly EdgeRegion[] {
    return this.#regions;
  }

  /** Index of a host; undefined for a name that is none. */
  host(name: string): number | undefined {
    return this.#hostOf.get(name);
  }

  /** Refuses a disruption of what the city does not have. */
  check(disruption: Disruption): void {
    const { names } = this.whole.graph;
    const missing = (what: string, name: string): Error =>
      new Error(
        `disruption at ${disruption.atMicros} us: the city has no ${what} "${name}"; name one it has, or leave the disruption out`,
      );
    if (disruption.kind === 'region') {
      if (!this.whole.gateways.has(disruption.region)) throw missing('region', disruption.region);
    } else if (disruption.kind === 'link') {
      const ends = [disruption.from, disruption.to];
      for (const end of ends) if (!names.includes(end)) throw missing('link end', end);
      if (!this.#arcs(disruption.from, disruption.to).length)
        throw missing('link', `${disruption.from}-${disruption.to}`);
    } else if (!this.#hostOf.has(disruption.node)) throw missing('node', disruption.node);
    if (disruption.kind === 'speed' && !(disruption.factor > 0))
      throw new Error(
        `disruption at ${disruption.atMicros} us: speed ${disruption.factor} of node ${disruption.node} must be above 0`,
      );
  }

  /** Lets it happen. True when ways or hosts may have changed, false for a speed. */
  disrupt(disruption: Disruption): boolean {
    switch (disruption.kind) {
      case 'speed': {
        const host = this.#hostOf.get(disruption.node);
        if (host === undefined) return false;
        this.speed[host] = disruption.factor;
        this.#writeNode(disruption.node);
        return false;
      }
      case 'node':
        toggle(this.#nodesDown, disruption.node, disruption.up);
        break;
      case 'region':
        toggle(this.#regionsDown, disruption.region, disruption.up);
        break;
      case 'link':
        toggle(this.#linksDown, linkKey(disruption.from, disruption.to), disruption.up);
    }
    this.#refresh();
    return true;
  }

  /** What is, becomes known. */
  detect(): void {
    for (const [h, host] of this.whole.hosts.entries()) {
      if (this.hostReady[h] === this.hostUp[h]) continue;
      this.hostReady[h] = this.hostUp[h] ?? 0;
      this.#writeNode(host.name);
    }
    this.#knownLinksDown = new Set(this.#linksDown);
    this.#knownRegionsDown = new Set(this.#regionsDown);
    this.#regions = this.#city.regions.map((region) => this.#known(region));
  }

  /** Nodes that came, went or changed speed as far as is known, since this was last asked. */
  changes(): string[] {
    const names = [...this.#changed].toSorted();
    this.#changed.clear();
    return names;
  }

  #refresh(): void {
    const { hosts, graph } = this.whole;
    for (const [h, host] of hosts.entries()) {
      const down = this.#nodesDown.has(host.name) || this.#regionsDown.has(host.region);
      this.hostUp[h] = host.ready && !down ? 1 : 0;
    }
    for (let arc = 0; arc < graph.head.length; arc++)
      this.arcUp[arc] =
        this.#vertexUp(graph.tail[arc] ?? 0) &&
        this.#vertexUp(graph.head[arc] ?? 0) &&
        !this.#linksDown.has(keyOfArc(graph, arc))
          ? 1
          : 0;
  }

  #vertexUp(vertex: number): boolean {
    if (vertex < this.whole.hosts.length) return this.hostUp[vertex] === 1;
    return !this.#regionsDown.has(this.whole.graph.names[vertex] ?? '');
  }

  #arcs(from: string, to: string): number[] {
    const { graph } = this.whole;
    const key = linkKey(from, to);
    return [...graph.head.keys()].filter((arc) => keyOfArc(graph, arc) === key);
  }

  #writeNode(name: string): void {
    this.#changed.add(name);
    const host = this.#hostOf.get(name) ?? -1;
    const base = this.whole.hosts[host];
    this.#nodes = this.#nodes.map((node, n) => {
      const given = this.#city.nodes[n] ?? node;
      if (node.metadata.name !== name || base === undefined) return node;
      const ready = this.hostReady[host] === 1;
      const others = given.status?.conditions?.filter(({ type }) => type !== 'Ready') ?? [];
      const annotations = {
        ...given.metadata.annotations,
        [ANNOTATIONS.mipsPerCpu]: String(base.mipsPerCpu * (this.speed[host] ?? 1)),
      };
      return {
        ...given,
        metadata: { ...given.metadata, annotations },
        status: {
          ...given.status,
          conditions: [...others, { type: 'Ready', status: ready ? 'True' : 'Unknown' }],
        },
      };
    });
  }

  /** A region as its links are known. One whose loss would leave a node with no link of its own carries nothing instead. */
  #known(region: EdgeRegion): EdgeRegion {
    const links = region.spec.topology.links;
    const down = ({ from, to }: Link): boolean =>
      this.#knownLinksDown.has(linkKey(from, to)) ||
      this.#knownRegionsDown.has(from) ||
      this.#knownRegionsDown.has(to);
    if (!links.some(down)) return region;
    const kept = this.#city.regions.flatMap((r) => r.spec.topology.links).filter((link) => !down(link));
    const linked = new Set(kept.flatMap(({ from, to }) => [from, to]));
    const lonely = (end: string): boolean => this.#hostOf.has(end) && !linked.has(end);
    const known = links.flatMap((link): Link[] => {
      if (!down(link)) return [link];
      return lonely(link.from) || lonely(link.to) ? [{ ...link, slices: [] }] : [];
    });
    return { ...region, spec: { ...region.spec, topology: { ...region.spec.topology, links: known } } };
  }
}

const linkKey = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);

const keyOfArc = ({ names, tail, head }: Graph, arc: number): string =>
  linkKey(names[tail[arc] ?? 0] ?? '', names[head[arc] ?? 0] ?? '');

function toggle(set: Set<string>, name: string, up: boolean): void {
  if (up) set.delete(name);
  else set.add(name);
}
