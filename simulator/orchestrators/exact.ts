import { InputError } from '#crds/input-error.ts';
import type { Instance } from '#world/instance.ts';
import { total } from './replicas.ts';
import type { Counts } from '#world/scaling.ts';

/** Replicas x nodes that the exact planner takes: above, the solver needs minutes and gigabytes. */
const EXACT = 400;

/** Throws `InputError` for a DAG that is too large for the exact planner in this world, before the solver is asked. */
export function refuseLarge(orchestrator: string, { key, snapshot }: Instance, counts: Counts): void {
  const [replicas, nodes] = [total(counts), snapshot.hosts.length];
  const choices = replicas * nodes;
  if (choices <= EXACT) return;
  const message = `${replicas} replicas on ${nodes} nodes are ${choices} choices, more than the ${EXACT} that the exact planner takes`;
  const fix = 'take a smaller scenario, or search or annealing in its place';
  const file = `orchestrator ${orchestrator}`;
  throw new InputError([{ file, line: 0, object: `ServiceDAG ${key}`, field: '', message, fix }]);
}
