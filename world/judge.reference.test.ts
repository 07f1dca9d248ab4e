import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { durationMicros, quantity } from '#crds/quantity.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { parseText } from '#crds/parse.ts';
import type { ParsedObjects } from '#crds/parse.ts';
import { instanceOf } from './instance.ts';
import { judge } from './judge.ts';
import type { Judgement } from './judge.ts';
import { randomWorld } from './random-world.ts';
import { snapshotOf } from './snapshot.ts';

/**
 * Architecture section 5 once more, slowly: from the objects alone, by names, by recursion and enumeration. It shares nothing
 * with the world model but the reading of units.
 */

interface Hop {
  readonly to: string;
  readonly latency: number;
  readonly bandwidth: number;
  readonly variance: number;
  readonly success: number;
  /** Both directions of a link are one link. */
  readonly id: string;
  /** One direction of it: what is reserved. */
  readonly arc: string;
}

const micros = (text: string | undefined): number => (text === undefined ? 0 : durationMicros(text));

function hopsOf({ edgeRegions, nodes }: ParsedObjects, slice: string): Map<string, Hop[]> {
  const hops = new Map<string, Hop[]>();
  const add = (from: string, hop: Hop): void => void hops.set(from, [...(hops.get(from) ?? []), hop]);
  const links = edgeRegions.flatMap((r) => r.spec.topology.links);
  for (const link of links) {
    if (link.slices !== undefined && !link.slices.includes(slice)) continue;
    const facts = {
      latency: micros(link.latency),
      bandwidth: quantity(link.bandwidth),
      variance: micros(link.jitter) ** 2,
      success: quantity(link.success ?? '1'),
      id: `${link.from}-${link.to}`,
    };
    add(link.from, { ...facts, to: link.to, arc: `${link.from}>${link.to}` });
    if (!link.oneWay) add(link.to, { ...facts, to: link.from, arc: `${link.to}>${link.from}` });
  }
  for (const { metadata, spec } of edgeRegions) {
    const { attachment } = spec.topology;
    if (attachment === undefined) continue;
    for (const { metadata: node } of nodes) {
      const own = links.some((l) => l.from === node.name || l.to === node.name);
      if (own || node.labels?.['edgeloom.dev/region'] !== metadata.name) continue;
      const facts = {
        latency: micros(attachment.latency),
        bandwidth: quantity(attachment.bandwidth),
        variance: 0,
        success: 1,
        id: `${node.name}-${metadata.name}`,
      };
      add(node.name, { ...facts, to: metadata.name, arc: `${node.name}>${metadata.name}` });
      add(metadata.name, { ...facts, to: node.name, arc: `${metadata.name}>${node.name}` });
    }
  }
  return hops;
}

function walks(hops: ReadonlyMap<string, readonly Hop[]>, from: string, to: string): Hop[][] {
  const visit = (at: string, seen: readonly string[]): Hop[][] =>
    at === to
      ? [[]]
      : (hops.get(at) ?? [])
          .filter((hop) => !seen.includes(hop.to))
          .flatMap((hop) => visit(hop.to, [...seen, hop.to]).map((rest) => [hop, ...rest]));
  return visit(from, [from]);
}

const timeOf = (walk: readonly Hop[], bytes: number, held: (arc: string) => number): number => {
  const width = Math.min(...walk.map((hop) => hop.bandwidth - held(hop.arc)));
  if (width < 0) return Infinity;
  return walk.reduce((sum, hop) => sum + hop.latency, 0) + (bytes === 0 ? 0 : (bytes * 8e6) / width);
};

const widthOf = (walk: readonly Hop[]): number => Math.min(...walk.map((hop) => hop.bandwidth));

const latencyOf = (walk: readonly Hop[]): number => walk.reduce((sum, hop) => sum + hop.latency, 0);

/** The quickest; of equally quick ones that with the least latency, then the widest, then the one with fewest hops. */
const quickestOf = (all: readonly Hop[][], bytes: number, held: (arc: string) => number): Hop[] | undefined =>
  all
    .filter((walk) => timeOf(walk, bytes, held) < Infinity)
    .toSorted(
      (a, b) =>
        timeOf(a, bytes, held) - timeOf(b, bytes, held) ||
        latencyOf(a) - latencyOf(b) ||
        widthOf(b) - widthOf(a) ||
        a.length - b.length,
    )[0];

/** Hops along named vertices (the random worlds have no parallel links). */
const along = (hops: ReadonlyMap<string, readonly Hop[]>, via: readonly string[]): Hop[] =>
  via.slice(1).map((to, i) => hops.get(via[i]!)!.find((hop) => hop.to === to)!);

interface Told {
  readonly latency: number;
  readonly sync: number;
  readonly jitter: number;
  readonly success: number;
  /** Transfer times of the paths in the order of the judgement's routes. */
  readonly times: readonly number[][];
}

/** What the architecture says of a judgement's placement and routes (or of the quickest routes when nothing is reserved). */
function tell(objects: ParsedObjects, dag: ServiceDAG, { assignments, routes }: Judgement): Told {
  const hops = hopsOf(objects, dag.spec.slice ?? dag.spec.class.toLowerCase());
  const nodesOf = (name: string): string[] =>
    assignments.filter((a) => a.microservice === name).map((a) => a.node);
  const { edges, ingress, microservices } = dag.spec;
  const rates = ingress.map((i) => quantity(i.requestsPerSecond ?? '0'));
  const total = rates.reduce((a, b) => a + b, 0);
  const weights = rates.map((rate) => (total > 0 ? rate / total : 1 / rates.length));
  const callers = (name: string): typeof edges => edges.filter((e) => e.to === name);
  const rateOf = (name: string): number =>
    callers(name).length === 0
      ? total
      : callers(name).reduce((sum, e) => sum + rateOf(e.from) * quantity(e.callsPerRequest), 0);
  const heldBy = (edge: (typeof edges)[number]): Map<string, number> => {
    const route = routes.find((r) => r.from === edge.from && r.to === edge.to)!;
    const held = new Map<string, number>();
    for (const { via, bandwidthBps } of route.paths)
      for (const hop of along(hops, via)) held.set(hop.arc, (held.get(hop.arc) ?? 0) + bandwidthBps);
    return held;
  };
  const held = new Map(edges.map((e) => [e, heldBy(e)]));
  const others =
    (mine: (typeof edges)[number] | undefined) =>
    (arc: string): number =>
      edges.reduce((sum, e) => sum + (e === mine ? 0 : (held.get(e)?.get(arc) ?? 0)), 0);
  const reserved = edges.some((e) => Math.max(0, ...held.get(e)!.values()) > 0);
  const used = new Map<string, number>();
  const sent = new Map(
    edges.map((edge) => {
      const bytes = quantity(edge.payload);
      const route = routes.find((r) => r.from === edge.from && r.to === edge.to)!;
      return [
        edge,
        (from: string, to: string) => {
          const ways = reserved
            ? route.paths
                .filter((p) => p.via[0] === from && p.via.at(-1) === to)
                .map((p) => ({ walk: along(hops, p.via), ppm: p.weightPpm }))
            : [{ walk: quickestOf(walks(hops, from, to), bytes, others(edge))!, ppm: 1 }];
          const sum = ways.reduce((a, w) => a + w.ppm, 0);
          let time = 0;
          let variance = 0;
          for (const { walk, ppm } of ways) {
            time += (ppm / sum) * timeOf(walk, bytes, others(edge));
            variance += (ppm / sum) * walk.reduce((v, hop) => v + hop.variance, 0);
            for (const hop of walk) used.set(hop.id, hop.success);
          }
          return { time, variance };
        },
      ];
    }),
  );
  const serve = (name: string, at: string): number => {
    const spec = microservices.find((m) => m.name === name)!;
    const node = objects.nodes.find((n) => n.metadata.name === at)!;
    const mips = Number(node.metadata.annotations!['edgeloom.dev/mips-per-cpu']);
    const cores = spec.template.spec.containers.reduce(
      (c, x) => c + quantity(x.resources?.requests?.['cpu'] ?? 0),
      0,
    );
    const s = quantity(spec.work ?? '0') / (mips * cores);
    const load = ((rateOf(name) / spec.replicas.min) * s) / 1e6;
    // M/M/1 up to saturation, then a backlog that grows for ten minutes (from 99 % on).
    const exact = load < 1 ? (load / (1 - load)) * s : Infinity;
    return s + (load <= 0.99 ? exact : Math.min(exact, 99 * s + ((load - 0.99) * 600e6) / 2));
  };
  let latency = 0;
  let sync = 0;
  let jitter = 0;
  const successes: number[] = [];
  for (let g = 0; g < Math.max(1, ingress.length); g++) {
    const entry = ingress[g];
    const bytes = quantity(entry?.payload ?? '0');
    const band = objects.edgeRegions
      .find((r) => r.metadata.name === entry?.region)
      ?.spec.radio.bands.find((b) => b.name === entry?.band);
    const radio = band === undefined ? 0 : micros(band.latency) + (bytes * 8e6) / quantity(band.bandwidth);
    const wayIn = new Map<string, number>();
    const known = new Map<string, { time: number; variance: number }>();
    /** When a replica on a node has its last input, and the variance of the way it came. */
    const arrive = (name: string, at: string): { time: number; variance: number } => {
      const calls = callers(name);
      if (calls.length === 0) {
        if (entry === undefined) return { time: 0, variance: 0 };
        const walk = quickestOf(walks(hops, entry.region, at), bytes, others(undefined))!;
        for (const hop of walk) wayIn.set(hop.id, hop.success);
        return {
          time: radio + timeOf(walk, bytes, others(undefined)),
          variance: micros(band?.jitter) ** 2 + walk.reduce((v, hop) => v + hop.variance, 0),
        };
      }
      const inputs = calls.map((edge) => {
        const from = nodesOf(edge.from);
        const each = from.map((node, r) => {
          const end = finish(edge.from, r);
          const way = sent.get(edge)!(node, at);
          return { time: end.time + way.time, variance: end.variance + way.variance };
        });
        return {
          edge,
          time: each.reduce((sum, x) => sum + x.time / from.length, 0),
          variance: each.reduce((sum, x) => sum + x.variance / from.length, 0),
        };
      });
      const marked = inputs.filter((i) => i.edge.sync).map((i) => i.time);
      if (marked.length > 1) sync = Math.max(sync, Math.max(...marked) - Math.min(...marked));
      return inputs.toSorted((a, b) => b.time - a.time || b.variance - a.variance)[0]!;
    };
    const finish = (name: string, r: number): { time: number; variance: number } => {
      const done = known.get(`${name}/${r}`);
      if (done !== undefined) return done;
      const at = nodesOf(name)[r]!;
      const { time, variance } = arrive(name, at);
      const end = { time: time + serve(name, at), variance };
      known.set(`${name}/${r}`, end);
      return end;
    };
    const ends = microservices
      .filter((m) => !edges.some((e) => e.from === m.name))
      .map((m) => {
        const all = nodesOf(m.name).map((_, r) => finish(m.name, r));
        return {
          time: all.reduce((sum, x) => sum + x.time / all.length, 0),
          variance: all.reduce((sum, x) => sum + x.variance / all.length, 0),
        };
      })
      .toSorted((a, b) => b.time - a.time || b.variance - a.variance);
    latency += (weights[g] ?? 1) * ends[0]!.time;
    jitter = Math.max(jitter, Math.sqrt(ends[0]!.variance));
    const links = new Map([...used, ...wayIn]);
    successes.push([...links.values()].reduce((p, x) => p * x, quantity(band?.success ?? '1')));
  }
  const success = successes.reduce((sum, p, g) => sum + (weights[g] ?? 1) * p, 0);
  const times = routes.map((route) => {
    const edge = edges.find((e) => e.from === route.from && e.to === route.to)!;
    return route.paths.map((p) => timeOf(along(hops, p.via), quantity(edge.payload), others(edge)));
  });
  return { latency, sync, jitter, success, times };
}

describe('the world model', () => {
  const check = (contention: boolean, seed: number, counted: { n: number }): void => {
    const items = randomWorld(seed, { contention, limits: false, dags: 1 });
    const parsed = parseText(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'random');
    const { nodes, edgeRegions: regions, serviceDAGs: dags } = parsed;
    const instance = instanceOf(snapshotOf({ nodes, regions, dags, nowMs: 0 }), dags[0]!);
    for (let turn = 0; turn < 4; turn++) {
      const assign = Int32Array.from(
        { length: instance.tasks },
        (_, t) => ((seed >>> t) + turn * (t + 1)) % nodes.length,
      );
      const judgement = judge(instance, assign);
      if (judgement.predicted.worstLatencyMicros === Number.MAX_SAFE_INTEGER) continue;
      // Routes are told by node: which of two replicas on one node takes which path is not in them.
      const homes = judgement.assignments.map((a) => `${a.microservice} ${a.node}`);
      if (contention && new Set(homes).size < homes.length) continue;
      counted.n++;
      const want = tell(parsed, dags[0]!, judgement);
      const { predicted, routes } = judgement;
      const near = (found: number, wanted: number, what: string, slack = 1): void =>
        assert.ok(
          Math.abs(found - wanted) <= slack + 1e-6 * wanted,
          `${what}: ${found}, want ${wanted} (seed ${seed})`,
        );
      near(predicted.latencyMicros, want.latency, 'latency');
      near(predicted.syncMicros, want.sync, 'sync');
      near(predicted.jitterMicros, want.jitter, 'jitter');
      near(predicted.successPpm, want.success * 1e6, 'success');
      for (const [r, route] of routes.entries()) {
        for (const [p, path] of route.paths.entries())
          near(path.latencyMicros, want.times[r]![p]!, `transfer ${route.from}→${route.to}`);
      }
    }
  };
  for (const contention of [false, true]) {
    it(`says what section 5 says, told once more from the objects${contention ? ', beside reservations' : ''}`, () => {
      const counted = { n: 0 };
      fc.assert(
        fc.property(fc.nat(1e6), (seed) => check(contention, seed, counted)),
        { numRuns: 250, seed: 11 },
      );
      assert.ok(counted.n > 150, `only ${counted.n} placements were connected`);
    });
  }
});
