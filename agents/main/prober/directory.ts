import { edgeRegionSpec } from '#crds/edgeregion.ts';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubeNode } from '#crds/node.ts';
import { EDGEREGION } from '#crds/served.ts';
import { deepEqual } from '#kube/equal.ts';
import { NODE } from '#kube/kinds.ts';
import type { Log } from '#kube/log.ts';
import type { Part } from '#kube/main.ts';
import type { KubeObject } from '#kube/object.ts';
import type { Transport } from '#kube/transport.ts';
import { watchKind } from '#kube/watch.ts';
import { SpecReader } from '../read-spec.ts';

/** Nodes and regions as they are now. */
export interface Directory {
  nodes(): readonly KubeNode[];
  regions(): readonly EdgeRegion[];
  /** Why it cannot be used, or undefined. */
  doubt(): string | undefined;
  /** Calls `fn` when something that probing depends on has changed. */
  subscribe(fn: () => void): void;
  readonly parts: readonly Part[];
}

type LiveNode = KubeNode & KubeObject;

/** Heartbeats come from every node all the time; this is what they do not change. */
const facts = (node: LiveNode | undefined): unknown => [
  node?.metadata.labels,
  node?.metadata.deletionTimestamp,
  node?.status?.['addresses'],
  node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status,
];

/** The directory of a cluster, by two watches. */
export function clusterDirectory(
  transport: Transport,
  log: Log,
  onRestart: (kind: string, reason: string) => void,
): Directory {
  const options = (kind: string): object => ({
    log,
    onRestart: (reason: string): void => onRestart(kind, reason),
  });
  const nodes = watchKind<LiveNode>(transport, NODE, options('Node'));
  const regions = watchKind<KubeObject>(transport, EDGEREGION, options('EdgeRegion'));
  const read = new SpecReader<EdgeRegion>(edgeRegionSpec, log);
  return {
    nodes: () => nodes.store.list(),
    regions: () => read.all(regions.store.list()),
    doubt: () =>
      nodes.store.hasSynced && regions.store.hasSynced ? undefined : 'nodes and regions are not read yet',
    subscribe: (fn) => {
      nodes.store.subscribe((_key, before, after) => {
        if (!deepEqual(facts(before), facts(after))) fn();
      });
      regions.store.subscribe((_key, before, after) => {
        if (before?.metadata.generation !== after?.metadata.generation) fn();
      });
    },
    parts: [(signal) => nodes.run(signal), (signal) => regions.run(signal)],
  };
}

/** The directory of objects that do not change: from files, in a test. */
export function fixedDirectory(nodes: readonly KubeNode[], regions: readonly EdgeRegion[]): Directory {
  return {
    nodes: () => nodes,
    regions: () => regions,
    doubt: () => undefined,
    subscribe: () => undefined,
    parts: [],
  };
}
