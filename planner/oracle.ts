import type { ServiceDAG } from '#crds/servicedag.ts';
import type { Objective } from '#world/evaluator.ts';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import type { Judgement } from '#world/judge.ts';
import type { Snapshot } from '#world/snapshot.ts';

/** The best of all placements, by trying every one through the world model: what tests hold plans against. */
export interface Oracle {
  /** Placements there are. */
  readonly placements: number;
  /** Undefined when none is feasible. */
  readonly best: Judgement | undefined;
}

/** What a plan minimises. */
export const valueOf = (objective: Objective, { predicted, cost }: Judgement): number =>
  objective === 'latency' ? predicted.latencyMicros : cost;

/** Undefined when there are more than `most` placements. */
export function oracle(
  snapshot: Snapshot,
  dag: ServiceDAG,
  objective: Objective,
  most: number,
): Oracle | undefined {
  const instance = instanceOf(snapshot, dag);
  const hosts = snapshot.hosts.length;
  const placements = hosts ** instance.tasks;
  if (placements > most) return undefined;
  let best: Judgement | undefined;
  for (let n = 0; n < placements; n++) {
    const assign = Int32Array.from({ length: instance.tasks }, (_, t) => Math.floor(n / hosts ** t) % hosts);
    const judgement = judge(instance, assign);
    if (!judgement.feasible) continue;
    if (best === undefined || valueOf(objective, judgement) < valueOf(objective, best)) best = judgement;
  }
  return { placements, best };
}
