import type { CachedPlan } from './objects.ts';

/** `namespace/name` of the ServiceDAG that a plan is for. */
export const planKey = (plan: CachedPlan): string =>
  `${plan.metadata.namespace ?? 'default'}/${plan.spec.dag.name}`;

/** Plans that were written and that the watch has not shown yet, by ServiceDAG: the next plan must not count on their room. */
export class AssumedPlans {
  readonly #plans = new Map<string, CachedPlan>();

  /** Remembers a plan that was written. */
  add(plan: CachedPlan): void {
    this.#plans.set(planKey(plan), plan);
  }

  /** The watch has shown this plan, or that it is gone: from now on the cache knows better. */
  shown(plan: CachedPlan): void {
    if (this.#plans.get(planKey(plan))?.metadata.name === plan.metadata.name)
      this.#plans.delete(planKey(plan));
  }

  /** Forgets those of one ServiceDAG; whether there was one. */
  forget(key: string): boolean {
    return this.#plans.delete(key);
  }

  /** Puts each in the place of an older plan of its ServiceDAG. */
  addTo(newest: Map<string, CachedPlan>): void {
    for (const [key, plan] of this.#plans) {
      const seen = newest.get(key);
      if (seen === undefined || seen.spec.window < plan.spec.window) newest.set(key, plan);
    }
  }
}
