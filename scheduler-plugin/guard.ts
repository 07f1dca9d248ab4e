import { ANNOTATIONS, LABELS } from '#crds/meta.ts';
import { candidatesOf } from './wire.ts';
import type { ExtenderArgs, FilterResult, HostPriority } from './wire.ts';

/** What the guard remembers of a node; from a watch, never asked for during a request. */
export interface NodeFacts {
  readonly ready: boolean;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Looks a node up in memory; undefined for one that the guard has not heard of. */
export type Lookup = (node: string) => NodeFacts | undefined;

/** A reason to keep a pod off a node, or undefined. */
type Objection = (args: ExtenderArgs, node: NodeFacts) => string | undefined;

/** Readiness moves faster than the taint that follows it. */
const notReady: Objection = (_, node) => (node.ready ? undefined : 'edgeloom: the node is not ready');

/** kube-scheduler knows no slices; a pod released without pins must still stay in its own. */
const wrongSlice: Objection = (args, node) => {
  const slice = args.Pod.metadata.labels?.[LABELS.slice];
  const hosted = node.annotations[ANNOTATIONS.slices];
  if (slice === undefined || hosted === undefined) return undefined;
  return hosted.split(',').some((name) => name.trim() === slice)
    ? undefined
    : `edgeloom: the node does not host slice ${slice}`;
};

const objections: readonly Objection[] = [notReady, wrongSlice];

/**
 * Filters candidates from memory. Neutral unless it must object: a pod that is not ours and a node that is not known pass,
 * because kube-scheduler has checked them already and a guard that guesses is worse than none.
 */
export function filter(args: ExtenderArgs, lookup: Lookup): FilterResult {
  const ours = args.Pod.metadata.labels?.[LABELS.dag] !== undefined;
  const failed: Record<string, string> = {};
  const kept: string[] = [];
  for (const name of candidatesOf(args)) {
    const node = ours ? lookup(name) : undefined;
    const why = node === undefined ? undefined : firstObjection(args, node);
    if (why === undefined) kept.push(name);
    else failed[name] = why;
  }
  const nodes = args.Nodes?.items;
  return {
    NodeNames: kept,
    ...(nodes === undefined || nodes === null
      ? {}
      : { Nodes: { ...args.Nodes, items: nodes.filter((n) => kept.includes(n.metadata.name)) } }),
    FailedNodes: failed,
    Error: '',
  };
}

function firstObjection(args: ExtenderArgs, node: NodeFacts): string | undefined {
  for (const objection of objections) {
    const why = objection(args, node);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** Every candidate alike: the order of choice is in the pod's own preferred terms, which NodeAffinity scores. */
export const prioritize = (args: ExtenderArgs): HostPriority[] =>
  candidatesOf(args).map((Host) => ({ Host, Score: 0 }));
