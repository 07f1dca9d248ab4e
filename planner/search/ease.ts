import type { Evaluator } from '#world/evaluator.ts';
import type { Instance } from '#world/instance.ts';
import { SteeredEvaluator } from '#world/steered.ts';
import { localSearch } from './local-search.ts';

/** Weight of the mean finish beside ℓ, both as shares of the same limit. */
const WEIGHT = 1;
/** Weight of latency in J (ω₁ of Eq. 13). */
const LATENCY = 0.7;
/** Latency that stands for the limit when a DAG sets none, microseconds: as in the cost. */
const NO_LIMIT = 100_000;

/**
 * J, and a little of how late every service is done in the mean: ℓ sees the slowest branch alone, while a real request, whose
 * times vary, waits for whichever branch is late.
 */
class EasedEvaluator extends SteeredEvaluator {
  #even = 0;

  /** Of an even spread: a replica that is spared now is to be near too when it is needed. */
  protected override aside(): number {
    if (this.flow.traffic !== undefined) return this.#even;
    const { services, ingress, tasks, qos } = this.instance;
    let mean = 0;
    for (let g = 0; g < Math.max(1, ingress.length); g++) {
      let sum = 0;
      for (const { firstTask, replicas } of services)
        for (let task = firstTask; task < firstTask + replicas; task++)
          sum += (this.flow.finish[g * tasks + task] ?? 0) / replicas;
      mean += ((ingress[g]?.weight ?? 1) * sum) / services.length;
    }
    const limit = qos.maxLatency === Infinity ? NO_LIMIT : qos.maxLatency;
    this.#even = (WEIGHT * LATENCY * mean) / limit;
    return this.#even;
  }
}

/** Scores placements as `ease` does. */
export const easedEvaluator = (instance: Instance, steers: boolean): Evaluator =>
  new EasedEvaluator(instance, 'utility', steers);

/**
 * Moves a placement to where all of its branches are done early, within `evaluations` evaluations, with calls steered or spread
 * evenly. J may rise: the caller judges.
 */
export function ease(
  evaluator: Evaluator,
  start: Int32Array,
  evaluations: number,
  steers: boolean,
  fixed?: Int32Array,
): Int32Array {
  const eased = new EasedEvaluator(evaluator.instance, 'utility', steers);
  return localSearch(eased, start, evaluations, -Infinity, fixed).assign;
}
