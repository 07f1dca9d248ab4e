import { claimsOf } from './claims.ts';
import type { Graph } from './graph.ts';
import type { Host } from './host.ts';
import { hostsOf, resourcesOf } from './host.ts';
import type { Claim } from './ledger.ts';
import { Ledger } from './ledger.ts';
import type { Objects, PlacedReplica } from './objects.ts';
import { measuredRegions } from './measured.ts';
import type { Problem } from './problem.ts';
import { topologyOf } from './topology.ts';
import type { Gateway } from './topology.ts';

/** The world at one moment: plain, immutable, in the order of names. Everything a decision may look at. */
export interface Snapshot {
  readonly nowMs: number;
  /** Every machine that is in a region, in order of name; index = host id = vertex id. */
  readonly hosts: readonly Host[];
  /** Resource names, in order; a column of `allocatable`. */
  readonly resources: readonly string[];
  /** Base units, `host * resources.length + resource`. */
  readonly allocatable: Float64Array;
  readonly graph: Graph;
  /** By region name. */
  readonly gateways: ReadonlyMap<string, Gateway>;
  /** What is held now, by whom. */
  readonly claims: readonly Claim[];
  /** Bound pods of each DAG (`namespace/name`): what keeps its place. */
  readonly placed: ReadonlyMap<string, readonly PlacedReplica[]>;
  readonly problems: readonly Problem[];
  /** Hosts that a shortlist left out: how many, and the sums of their utilisation and its square per resource. */
  readonly elsewhere?: {
    readonly count: number;
    readonly sum: Float64Array;
    readonly squares: Float64Array;
  };
}

/** Builds the world from objects. Never throws on what they say: what cannot be used is left out and named in `problems`. */
export function snapshotOf(objects: Objects): Snapshot {
  const { hosts, outsiders, problems: hostProblems } = hostsOf(objects.nodes, objects.regions);
  const resources = resourcesOf(hosts, objects);
  const allocatable = new Float64Array(hosts.length * resources.length);
  for (const [h, host] of hosts.entries()) {
    for (const [r, name] of resources.entries()) {
      // A node without a pod limit (a file, a test) takes any number of pods.
      allocatable[h * resources.length + r] = host.allocatable.get(name) ?? (name === 'pods' ? Infinity : 0);
    }
  }
  const topology = topologyOf(hosts, measuredRegions(objects.regions, objects.nowMs), outsiders);
  const base = { hosts, resources, graph: topology.graph };
  const { claims, placed } = claimsOf(base, objects);
  return {
    ...base,
    nowMs: objects.nowMs,
    allocatable,
    gateways: topology.gateways,
    claims,
    placed,
    problems: [...hostProblems, ...topology.problems],
  };
}

/** Sums of every claim except those of `owner`: what is gone from the owner's point of view. */
export function ledgerWithout(snapshot: Snapshot, owner: string | undefined): Ledger {
  const ledger = new Ledger(snapshot.hosts.length, snapshot.resources.length, snapshot.graph.head.length);
  for (const claim of snapshot.claims) if (claim.owner !== owner) ledger.add(claim);
  return ledger;
}

/** The same world in which `claim` is held too (a plan just made, before anybody has acted on it). */
export function withClaim(snapshot: Snapshot, claim: Claim): Snapshot {
  return { ...snapshot, claims: [...snapshot.claims.filter((c) => c.owner !== claim.owner), claim] };
}
