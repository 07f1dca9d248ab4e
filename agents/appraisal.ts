import type { ServiceDAG } from '#crds/servicedag.ts';
import { Evaluator } from '#world/evaluator.ts';
import { UnknownReference, instanceOf } from '#world/instance.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { Slot } from './slots.ts';

/** What one host is worth to an open slot, with every other replica of its DAG where it is or is planned to be. Less is better. */
export type Appraise = (slot: Slot, host: number) => number;

/** Sets a DAG and its slots against the world once; each appraisal after that is one evaluation. Slots may move meanwhile. */
export function appraiser(snapshot: Snapshot, dag: ServiceDAG, slots: readonly Slot[]): Appraise {
  const byService = Map.groupBy(slots, (slot) => slot.microservice);
  const evaluator = evaluatorOf(snapshot, dag, (name) => Math.max(1, byService.get(name)?.length ?? 0));
  // A region that users come from is gone: nothing can be predicted, but pods must run.
  if (evaluator === undefined) return () => 0;
  const { services, tasks } = evaluator.instance;
  const assign = new Int32Array(tasks);
  return (slot, host) => {
    for (const service of services) {
      const replicas = byService.get(service.name) ?? [];
      const fallback = service.hosts[0] ?? host;
      for (let r = 0; r < service.replicas; r++) {
        const replica = replicas[r];
        const known = replica === undefined || replica.host < 0 ? fallback : replica.host;
        assign[service.firstTask + r] = replica === slot ? host : known;
      }
    }
    return evaluator.value(assign);
  };
}

function evaluatorOf(
  snapshot: Snapshot,
  dag: ServiceDAG,
  replicasOf: (microservice: string) => number,
): Evaluator | undefined {
  try {
    return new Evaluator(instanceOf(snapshot, dag, replicasOf), 'utility');
  } catch (error) {
    if (error instanceof UnknownReference) return undefined;
    throw error;
  }
}
