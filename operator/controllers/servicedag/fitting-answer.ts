import type { CachedDag, CachedPlan } from '../../objects.ts';
import { PlannerUnavailable } from '../../planner-client.ts';
import type { PlanAnswer } from '../../planner-client.ts';
import { planObject } from './plan-object.ts';

/** What is wrong with a feasible answer to the question about this DAG; undefined when nothing is. Pure. */
export function misfit(dag: CachedDag, answer: PlanAnswer): string | undefined {
  const key = `${dag.metadata.namespace ?? 'default'}/${dag.metadata.name}`;
  if (answer.dag !== key) return `it is about ${answer.dag}, not ${key}`;
  const counts = new Map<string, number>();
  for (const { microservice } of answer.assignments)
    counts.set(microservice, (counts.get(microservice) ?? 0) + 1);
  for (const { name, replicas } of dag.spec.microservices) {
    const placed = counts.get(name) ?? 0;
    const most = replicas.max ?? replicas.min;
    if (placed < replicas.min || placed > most)
      return `it places ${placed} replicas of ${name}, not ${replicas.min} to ${most}`;
    counts.delete(name);
  }
  const [stranger] = counts.keys();
  return stranger === undefined ? undefined : `the DAG has no microservice ${stranger}`;
}

/** The DeploymentPlan of a feasible answer. Throws `PlannerUnavailable` for one that this DAG cannot be placed by. */
export function readPlan(dag: CachedDag, window: number, answer: PlanAnswer): CachedPlan {
  const wrong = misfit(dag, answer);
  if (wrong !== undefined)
    throw new PlannerUnavailable(`the planner's answer does not fit: ${wrong}`.slice(0, 400), true);
  try {
    return planObject(dag, window, answer);
  } catch (cause) {
    const said = (cause instanceof Error ? cause.message : String(cause)).slice(0, 400);
    throw new PlannerUnavailable(`the planner's answer makes no DeploymentPlan: ${said}`, true, { cause });
  }
}
