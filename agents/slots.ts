import type { DeploymentPlan } from '#crds/deploymentplan.ts';
import type { PlacedReplica } from '#world/objects.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { Membership } from './gated.ts';

/** One replica of a DAG: taken by a pod that has a place, or open for one that has none. */
export interface Slot {
  readonly microservice: string;
  readonly region: string;
  /** Nodes the plan ranks for it, the planned one first; empty when no plan speaks of it. */
  readonly ranked: readonly string[];
  /** It moves here from where it runs: that pod stays until this place is taken. */
  readonly moves: boolean;
  open: boolean;
  /** Where it is, or is planned to be; -1 when nobody knows. */
  host: number;
}

const groupOf = ({ microservice, region }: { microservice: string; region: string }): string =>
  `${microservice}/${region}`;

/**
 * Every replica of one DAG: those that pods have taken, then those the plan still holds open, then as many more as gated pods
 * need. A pod on a planned node takes that place; one that stands elsewhere takes the first place left, as claims count it; one
 * that the plan moves takes none.
 */
export function slotsOf(
  snapshot: Snapshot,
  placed: readonly PlacedReplica[],
  plan: DeploymentPlan | undefined,
  gated: readonly Membership[],
): Slot[] {
  const hostOf = new Map(snapshot.hosts.map((host, h) => [host.name, h]));
  const slots: Slot[] = [];
  const taken = new Map<string, number[]>();
  for (const { microservice, host, leaves } of placed) {
    if (leaves === true) continue;
    const at = snapshot.hosts[host];
    const region = at?.region ?? '';
    const usable = at?.ready === true ? host : -1;
    slots.push({ microservice, region, ranked: [], moves: false, open: false, host: usable });
    push(taken, groupOf({ microservice, region }), host);
  }
  const leaving = new Set(placed.flatMap(({ pod, leaves }) => (leaves === true ? [pod] : [])));
  const planned = new Map<string, Slot[]>();
  for (const section of plan?.spec.regions ?? []) {
    for (const { microservice, ranked, replaces } of section.assignments) {
      const nodes = ranked.map(({ node }) => node);
      const host = hostOf.get(nodes[0] ?? '') ?? -1;
      const ready = snapshot.hosts[host]?.ready === true ? host : -1;
      const moves = replaces !== undefined && leaving.has(replaces);
      const slot = { microservice, region: section.region, ranked: nodes, moves, open: true, host: ready };
      push(planned, groupOf(slot), slot);
    }
  }
  const waiting = new Map<string, Membership[]>();
  for (const pod of gated) push(waiting, groupOf(pod), pod);
  for (const [group, all] of planned) slots.push(...left(all, taken.get(group) ?? [], snapshot));
  for (const [group, pods] of waiting) {
    const open = slots.filter((slot) => slot.open && groupOf(slot) === group).length;
    for (const { microservice, region } of pods.slice(open)) {
      slots.push({ microservice, region, ranked: [], moves: false, open: true, host: -1 });
    }
  }
  return slots;
}

/** The planned places that no pod has taken. */
function left(planned: readonly Slot[], taken: readonly number[], snapshot: Snapshot): Slot[] {
  const open = [...planned];
  let strangers = 0;
  for (const host of taken) {
    const name = snapshot.hosts[host]?.name;
    const at = open.findIndex((slot) => slot.ranked[0] === name);
    if (at >= 0) open.splice(at, 1);
    else strangers++;
  }
  return open.slice(strangers);
}

function push<V>(into: Map<string, V[]>, key: string, value: V): void {
  const list = into.get(key);
  if (list === undefined) into.set(key, [value]);
  else list.push(value);
}
